import type { StackEvent } from '@aws-sdk/client-cloudformation';
import { type ErrorCode, KolateError } from '../../../contracts/errors';

type Reading = { readonly code: ErrorCode; readonly hint: string };

/** By CloudFormation's words, most telling first. */
const readings: readonly (readonly [RegExp, Reading])[] = [
  [
    /limit ?exceeded|limit .*has been exceeded|quota|maximum number of|too many|LimitExceeded/i,
    { code: 'KLT_QUOTA_REACHED', hint: 'raise the quota that is named (Service Quotas), then retry the operation' },
  ],
  [
    /access ?denied|not authorized|unauthorized|permissions boundary|UnauthorizedOperation/i,
    {
      code: 'KLT_PERMISSION_MISSING',
      hint: 'give the provisioning role the permission that is named, then retry the operation',
    },
  ],
  [
    /no container instances? met|insufficient (capacity|memory|cpu)|RESOURCE:|unable to place a task/i,
    { code: 'KLT_CELL_EXHAUSTED', hint: 'open another cell or choose another tier, then retry the operation' },
  ],
  [
    /TerminationProtection/,
    {
      code: 'KLT_STACK_STATE',
      hint: 'somebody has protected the stack: take the protection off if that was an oversight, then retry the operation',
    },
  ],
  [
    /is in \w+ state and can ?not be/,
    { code: 'KLT_STACK_STATE', hint: 'somebody else is at the stack: when it is at rest, retry the operation' },
  ],
  [
    /\bparameters?\b.*(must|constraint|invalid|allowed|do not exist)|invalid parameter/i,
    {
      code: 'KLT_STACK_PARAMETER_INVALID',
      hint: 'bring the parameter that is named into its range, then retry the operation',
    },
  ],
];

const otherwise: Reading = {
  code: 'KLT_PROVISION_FAILED',
  hint: 'mend what CloudFormation names, then retry the operation',
};

/** An error by what CloudFormation said; its words are kept. */
export function failureOf(words: string, cause?: unknown): KolateError {
  const { code, hint } = readings.find(([pattern]) => pattern.test(words))?.[1] ?? otherwise;
  return new KolateError(code, words, { hint, cause });
}

/** What a rollback says of those that it took down with the culprit. */
const collateral = /cancell?ed|rollback requested by user/i;

/**
 * The resource that failed first and CloudFormation's words on it.
 * @param events newest first, as `DescribeStackEvents` answers them
 */
export function culpritOf(events: readonly StackEvent[]): string | undefined {
  const failed = events.filter(
    ({ ResourceStatus = '', ResourceStatusReason = '', ResourceType }) =>
      ResourceStatus.endsWith('_FAILED') &&
      ResourceType !== 'AWS::CloudFormation::Stack' &&
      !collateral.test(ResourceStatusReason),
  );
  const first = failed.at(-1);
  return (
    first && `${first.LogicalResourceId} (${first.ResourceType}): ${first.ResourceStatusReason ?? 'no reason given'}`
  );
}
