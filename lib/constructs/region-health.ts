import { Duration, Stack } from 'aws-cdk-lib';
import { ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { HealthCheck, HealthCheckType, type IHealthCheck } from 'aws-cdk-lib/aws-route53';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { healthPath, regionalGrpcName } from '../config/platform-names';
import { KolateAlarm } from './kolate-alarm';

export type RegionHealthProps = {
  readonly region: string;
  readonly domain: string;
  /** Of us-east-1, where Route 53 has its metrics. */
  readonly alarmTopic: ITopic;
};

/**
 * Whether a region can be reached: its public load balancer answers, whatever its services do. Services that fail do not
 * move the traffic by themselves, since the other region may have older data; people decide that (the runbook says how).
 */
export class RegionHealth extends Construct {
  readonly healthCheck: IHealthCheck;

  constructor(scope: Construct, id: string, { region, domain, alarmTopic }: RegionHealthProps) {
    super(scope, id);
    if (Stack.of(this).region !== 'us-east-1') {
      throw new Error(
        `health: region is ${Stack.of(this).region}; expected us-east-1, where alarms of Route 53 can be`,
      );
    }
    this.healthCheck = new HealthCheck(this, 'Check', {
      type: HealthCheckType.HTTPS,
      fqdn: regionalGrpcName(region, domain),
      resourcePath: healthPath,
      failureThreshold: 3,
      requestInterval: Duration.seconds(30),
    });
    new KolateAlarm(this, 'Unreachable', {
      topic: alarmTopic,
      metric: new Metric({
        namespace: 'AWS/Route53',
        metricName: 'HealthCheckStatus',
        dimensionsMap: { HealthCheckId: this.healthCheck.healthCheckId },
        statistic: Stats.MINIMUM,
        period: Duration.minutes(1),
      }),
      threshold: 1,
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 2,
      missing: TreatMissingData.BREACHING,
      description: `Route 53 cannot reach ${region}, and sends requests to the other region.`,
      runbook: 'region-unreachable',
    });
  }
}
