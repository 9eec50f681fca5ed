import { Duration } from 'aws-cdk-lib';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, type LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { KolateAlarm } from './kolate-alarm';

export type LambdaAlarmsProps = {
  readonly handler: string;
  readonly function: LambdaFunction;
  readonly logGroup: LogGroup;
  readonly alarmTopic: ITopic;
  readonly deadLetters: Queue | undefined;
  readonly errorTerms?: readonly string[];
};

const period = Duration.minutes(5);

/** Rings at errors, at calls that were turned away, and at dead letters. */
export class LambdaAlarms extends Construct {
  constructor(scope: Construct, id: string, props: LambdaAlarmsProps) {
    super(scope, id);
    const { handler, alarmTopic: topic, function: fn, deadLetters } = props;
    const ring = (name: string, metric: IMetric, description: string) =>
      new KolateAlarm(this, name, { topic, metric, threshold: 1, description, runbook: `lambda-${handler}` });
    ring('Errors', this.errors(props), `The Lambda ${handler} fails.`);
    ring('Throttles', fn.metricThrottles({ period }), `Calls of the Lambda ${handler} are turned away.`);
    if (!deadLetters) return;
    const waiting = deadLetters.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' });
    ring('DeadLetters', waiting, `The Lambda ${handler} has given up on a call.`);
  }

  private errors({ function: fn, handler, logGroup, errorTerms }: LambdaAlarmsProps): IMetric {
    if (!errorTerms) return fn.metricErrors({ period });
    return new MetricFilter(this, 'ErrorLines', {
      logGroup,
      filterPattern: FilterPattern.anyTerm(...errorTerms),
      metricNamespace: 'Kolate/Lambda',
      metricName: `${this.node.addr}-${handler}-errors`,
    }).metric({ period, statistic: 'Sum' });
  }
}
