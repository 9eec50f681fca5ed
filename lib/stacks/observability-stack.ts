import { Duration } from 'aws-cdk-lib';
import type { Stage } from 'aws-cdk-lib/aws-apigateway';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { KolateKey } from '../constructs/kolate-key';
import { MainJob } from '../constructs/observability/main-job';
import { addOutgrownAlarm } from '../constructs/observability/outgrown-alarm';
import { PlatformDashboard } from '../constructs/observability/platform-dashboard';
import { addSagaAlarm } from '../constructs/observability/saga-alarm';
import { ServiceDashboard } from '../constructs/observability/service-dashboard';
import { ServiceObjectives, type Services } from '../constructs/observability/service-objectives';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export type ObservabilityStackProps = KolateStackProps & {
  readonly vpc: IVpc;
  readonly services: Services;
  /** Of the HTTP API. */
  readonly stage: Stage;
  readonly operatorSecret: ISecret;
  readonly alarmTopic: ITopic;
};

/** What is seen of the platform as a whole: whether it keeps its promises, and where to look when it does not. */
export class ObservabilityStack extends KolateStack {
  constructor(scope: Construct, props: ObservabilityStackProps) {
    super(scope, 'observability', props);
    const { services, alarmTopic } = props;
    const api = metricsOf(props.stage);
    const { burnRates, alarms } = new ServiceObjectives(this, 'Objectives', { topic: alarmTopic, services, api });
    const sagaAge = addSagaAlarm(this, services.core, alarmTopic);
    const { sharedCells } = props.environment;
    const cells = sharedCells.length > 0 ? [addOutgrownAlarm(this, services['enterprise-info'], alarmTopic)] : [];
    const mainJob = this.mainJob(props);
    new PlatformDashboard(this, 'Platform', {
      ...{ services, api, burnRates },
      alarms: [...alarms, sagaAge, ...cells, ...(mainJob ? [mainJob.alarm] : [])],
      mainJobs: mainJob?.done,
    });
    for (const service of Object.values(services)) new ServiceDashboard(this, service.name, service);
  }

  private mainJob({ environment, vpc, operatorSecret, alarmTopic }: ObservabilityStackProps): MainJob | undefined {
    const { mainJobEveryMinutes: everyMinutes } = environment.observability;
    if (everyMinutes === undefined) return undefined;
    const key = new KolateKey(this, 'Key', 'Log of the main job');
    return new MainJob(this, 'MainJob', { environment, everyMinutes, vpc, key, operatorSecret, alarmTopic });
  }
}

function metricsOf(stage: Stage) {
  const period = Duration.minutes(1);
  return {
    requests: stage.metricCount({ period, label: 'requests' }),
    failures: stage.metricServerError({ period, statistic: Stats.SUM, label: '5xx' }),
    refusals: stage.metricClientError({ period, statistic: Stats.SUM, label: '4xx' }),
    durations: [50, 95, 99].map((share) =>
      stage.metricLatency({ period, statistic: Stats.percentile(share), label: `p${share}` }),
    ),
  };
}
