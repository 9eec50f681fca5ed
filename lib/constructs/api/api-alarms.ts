import { Duration } from 'aws-cdk-lib';
import type { Stage } from 'aws-cdk-lib/aws-apigateway';
import { MathExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { KolateAlarm } from '../kolate-alarm';

const period = Duration.minutes(1);
const window = { evaluationPeriods: 5, datapointsToAlarm: 3 };

/** Rings when the API fails or is slow as a whole, whatever the cause. */
export class ApiAlarms extends Construct {
  constructor(scope: Construct, id: string, { stage, alarmTopic: topic }: { stage: Stage; alarmTopic: ITopic }) {
    super(scope, id);
    const failures = stage.metricServerError({ period, statistic: Stats.SUM });
    const all = stage.metricCount({ period });
    new KolateAlarm(this, 'Failures', {
      topic,
      ...window,
      // A single failure at night is not one of a hundred: fewer than 5 a minute do not ring.
      metric: new MathExpression({
        expression: 'IF(failures >= 5, 100 * failures / all, 0)',
        usingMetrics: { failures, all },
        label: 'failed, percent',
        period,
      }),
      threshold: 1,
      description: 'One request in a hundred or more is answered with 5xx.',
      runbook: 'api-failures',
    });
    new KolateAlarm(this, 'Slow', {
      topic,
      ...window,
      metric: stage.metricLatency({ period, statistic: Stats.percentile(95) }),
      threshold: 1_000,
      description: 'One request in twenty takes a second or longer, from API Gateway to the answer.',
      runbook: 'api-slow',
    });
  }
}
