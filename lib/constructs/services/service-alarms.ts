import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { ServiceName } from '../../../src/contracts/http/route';
import { KolateAlarm } from '../kolate-alarm';
import type { SharedLoad } from './service-scaling';
import type { TargetPair } from './target-pair';

export type ServiceAlarmsProps = {
  readonly name: ServiceName;
  readonly topic: ITopic;
  readonly logGroup: ILogGroup;
  readonly metricNamespace: string;
  readonly targets: readonly TargetPair[];
  /** What 95 of 100 requests may take. */
  readonly p95Ms: number;
  readonly consumes: boolean;
  /** Tasks that were lost, in 15 minutes. */
  readonly stops: IMetric;
};

/** Fewer requests a minute than these say nothing by their share of errors. */
const fewRequests = 20;

/** What is wrong with a service before its users tell. Those of a new deployment roll it back. */
export class ServiceAlarms extends Construct {
  /** That can be told of a deployment before it has all requests. */
  readonly ofDeployment: readonly KolateAlarm[];
  private readonly name: ServiceName;
  private readonly topic: ITopic;

  constructor(scope: Construct, id: string, props: ServiceAlarmsProps) {
    super(scope, id);
    this.name = props.name;
    this.topic = props.topic;
    const ofTargets = props.targets.map((pair) => this.ofTargets(pair, props.p95Ms));
    const restarts = this.alarm('Restarts', 'service-restarts', 3, 'has lost three tasks or more within 15 minutes.', {
      metric: props.stops,
    });
    this.ofDeployment = [...ofTargets, restarts, ...(props.consumes ? [this.deadLetters(props)] : [])];
  }

  /** Alarms of what ECS says about the service itself. */
  ofService(service: FargateService): void {
    this.alarm('Memory', 'service-memory', 85, 'has used more than 85 % of its memory for 15 minutes.', {
      metric: service.metricMemoryUtilization({ period: Duration.minutes(5), statistic: 'Maximum' }),
      evaluationPeriods: 3,
    });
  }

  /** The consumers do not keep up: ten times what one task should have waits for each. */
  ofLag({ metrics, perTask }: SharedLoad, maxTasks: number): void {
    const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`part${index}`, metric]));
    const sum = Object.keys(usingMetrics).map((part) => `FILL(${part}, 0)`);
    this.alarm('Lag', 'service-lag', 10 * perTask * maxTasks, 'leaves messages lying: the backlog is out of reach.', {
      metric: new MathExpression({
        expression: sum.join(' + '),
        label: 'Messages',
        period: Duration.minutes(5),
        usingMetrics,
      }),
      evaluationPeriods: 3,
    });
  }

  private ofTargets(pair: TargetPair, p95Ms: number): KolateAlarm {
    const kind = pair.node.id;
    this.alarm(`Slow${kind}`, 'service-slow', p95Ms / 1_000, `takes longer than ${p95Ms} ms for 5 of 100 requests.`, {
      metric: pair.metric('TargetResponseTime', 'p95'),
      evaluationPeriods: 15,
      datapointsToAlarm: 10,
    });
    this.alarm(`Unhealthy${kind}`, 'service-unhealthy', 1, 'has tasks that fail the health check.', {
      metric: pair.metric('UnHealthyHostCount', 'Maximum'),
      evaluationPeriods: 5,
    });
    return this.alarm(`Errors${kind}`, 'service-errors', 5, 'answers 5 of 100 requests or more with its own error.', {
      metric: new MathExpression({
        expression: `IF(requests >= ${fewRequests}, 100 * errors / requests, 0)`,
        label: 'Errors, percent',
        period: Duration.minutes(1),
        usingMetrics: {
          errors: pair.metric('HTTPCode_Target_5XX_Count', 'Sum'),
          requests: pair.metric('RequestCount', 'Sum'),
        },
      }),
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
    });
  }

  private deadLetters({ logGroup, metricNamespace, name }: ServiceAlarmsProps): KolateAlarm {
    const metric = { metricNamespace, metricName: `dead-letters-${name}` };
    new MetricFilter(this, 'DeadLettersCount', {
      ...metric,
      logGroup,
      // As src/platform/kafka logs them, one by one and by the batch.
      filterPattern: FilterPattern.any(
        FilterPattern.stringValue('$.verdict', '=', 'dead'),
        FilterPattern.stringValue('$.msg', '=', 'message sent to the dead letters'),
      ),
      metricValue: '1',
    });
    return this.alarm('DeadLetters', 'service-dead-letters', 1, 'has put messages aside that it cannot handle.', {
      metric: new Metric({
        namespace: metric.metricNamespace,
        metricName: metric.metricName,
        statistic: 'Sum',
        period: Duration.minutes(5),
      }),
    });
  }

  private alarm(
    id: string,
    runbook: string,
    threshold: number,
    says: string,
    more: { metric: IMetric; evaluationPeriods?: number; datapointsToAlarm?: number },
  ): KolateAlarm {
    const description = `${this.name} ${says}`;
    return new KolateAlarm(this, id, { topic: this.topic, threshold, description, runbook, ...more });
  }
}
