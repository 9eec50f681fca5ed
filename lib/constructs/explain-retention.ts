import type { IConstruct } from 'constructs';
import { acknowledge } from './acknowledge';

const aYear = 365;

/** Control Tower wants a year of every log; production has it, other environments keep less, to cost less. */
export function explainRetention(stack: IConstruct, logDays: number): void {
  if (logDays >= aYear) return;
  const id = 'cdk-validator-cfnguard::cloudwatch_log_group_retention_period_check';
  acknowledge(stack, id, `It is no production's: it keeps its logs for ${logDays} days, to cost little.`);
}
