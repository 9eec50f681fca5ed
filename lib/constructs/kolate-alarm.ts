import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

export type KolateAlarmProps = {
  readonly topic: ITopic;
  readonly metric: IMetric;
  readonly threshold: number;
  /** What is wrong when it rings, in a sentence. */
  readonly description: string;
  /** docs/runbooks/<runbook>.md says what to do. */
  readonly runbook: string;
  /** @default GREATER_THAN_OR_EQUAL_TO_THRESHOLD */
  readonly comparison?: ComparisonOperator;
  /** Periods of the metric to look at. @default 1 */
  readonly evaluationPeriods?: number;
  /** @default - all of them */
  readonly datapointsToAlarm?: number;
  /** @default NOT_BREACHING */
  readonly missing?: TreatMissingData;
};

/** An alarm that somebody hears of, with what to do about it. */
export class KolateAlarm extends Alarm {
  constructor(scope: Construct, id: string, props: KolateAlarmProps) {
    super(scope, id, {
      metric: props.metric,
      threshold: props.threshold,
      alarmDescription: `${props.description} Runbook: docs/runbooks/${props.runbook}.md`,
      comparisonOperator: props.comparison ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: props.evaluationPeriods ?? 1,
      datapointsToAlarm: props.datapointsToAlarm,
      treatMissingData: props.missing ?? TreatMissingData.NOT_BREACHING,
    });
    const action = new SnsAction(props.topic);
    this.addAlarmAction(action);
    this.addOkAction(action);
  }
}
