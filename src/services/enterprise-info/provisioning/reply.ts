import { KolateError, toKolateError } from '../../../contracts/errors';
import { stepFailed, stepSucceeded } from '../../../contracts/events/saga-messages';
import type { Cause } from '../../../contracts/http/operations';
import type { CoreSql } from '../../../platform/postgres/sql';
import { publish } from '../outbox';
import type { Output, StepContext } from './step';

/** What a person can do about a failure that does not say it itself. */
const hints: Readonly<Record<string, string>> = {
  KLT_PROVISION_FAILED: 'the logs of the tenant’s engines say more (kolate logs); then retry the operation',
  KLT_SMOKE_TEST_FAILED: 'look at the store that is named, then retry the operation',
  KLT_MIGRATION_FAILED: 'a migration that was released cannot run here: mend it by a new one, then retry the operation',
  KLT_DEPENDENCY_UNAVAILABLE: 'it is tried again by itself; when it stays so, see which engine is down (kolate status)',
  KLT_TENANT_SLUG_TAKEN: 'choose another slug',
  KLT_STEP_TIMED_OUT: 'the machine may be busy: retry the operation',
};

const fields = ({ sagaId, tenantId, origin }: StepContext) => ({ key: sagaId, tenantId, ...origin });
const stepOf = ({ sagaId, step, direction, attempt }: StepContext) => ({ sagaId, step, direction, attempt });

export const replySucceeded = (sql: CoreSql, context: StepContext, output: Output): Promise<void> =>
  publish(sql, stepSucceeded, { ...fields(context), data: { ...stepOf(context), output: { ...output } } });

export const replyFailed = (sql: CoreSql, context: StepContext, error: unknown): Promise<void> =>
  publish(sql, stepFailed, {
    ...fields(context),
    data: { ...stepOf(context), cause: causeOf(error), retryable: !(error instanceof KolateError) || error.retryable },
  });

export const expired = ({ step, deadline }: StepContext): KolateError =>
  new KolateError(
    'KLT_STEP_TIMED_OUT',
    `${step} was not begun before its deadline, ${new Date(deadline).toISOString()}`,
  );

export const isOutage = (error: unknown): boolean =>
  error instanceof KolateError && error.code === 'KLT_DEPENDENCY_UNAVAILABLE';

function causeOf(error: unknown): Cause {
  const { code, detail, options } = toKolateError(error);
  const hint = options.hint ?? hints[code];
  return { code, detail, ...(hint === undefined ? {} : { hint }) };
}
