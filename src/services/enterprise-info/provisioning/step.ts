import { type Static, Type } from '@sinclair/typebox';
import { KolateError } from '../../../contracts/errors';
import type { Message } from '../../../contracts/events/event';
import type { StepCommand } from '../../../contracts/events/saga-messages';
import type { StepCommandName } from '../../../domain/sagas/all-sagas';
import { strictValidator } from '../../../platform/config/validators';
import type { CoreSql } from '../../../platform/postgres/sql';
import type { Origin } from '../tenants/tenant-facts';

/** What every saga on a tenant is given. */
export const StepInput = Type.Object({
  tenantId: Type.String(),
  slug: Type.String(),
  name: Type.String(),
  tier: Type.String(),
  contact: Type.String(),
  operationId: Type.String(),
  /** PostgreSQL databases of an onboarding (1). */
  shards: Type.Optional(Type.Integer()),
  /** Of a tier change. */
  toTier: Type.Optional(Type.String()),
});
export type StepInput = Static<typeof StepInput>;

export type Output = Readonly<Record<string, unknown>>;
type CommandData = Static<typeof StepCommand>;

/** One run of one step: which, of what, until when. */
export type StepContext = Pick<CommandData, 'sagaId' | 'step' | 'direction' | 'attempt' | 'tenantId' | 'outputs'> & {
  readonly command: StepCommandName;
  readonly input: StepInput;
  /** Unix milliseconds. */
  readonly deadline: number;
  readonly origin: Origin;
};

/** Acts on the core database alone, in the transaction of its reply. */
export type QuickStep = (sql: CoreSql, context: StepContext) => Promise<Output>;

/**
 * Acts elsewhere, for as long as `signal` lets it, in a way that can be repeated; what it answers then acts on the core
 * database, in the transaction of the reply.
 */
export type SlowStep = (context: StepContext, signal: AbortSignal) => Promise<(sql: CoreSql) => Promise<Output>>;

export type Step =
  | { readonly kind: 'quick'; readonly run: QuickStep }
  | { readonly kind: 'slow'; readonly run: SlowStep };
export type Steps = Readonly<Record<StepCommandName, Step>>;

export const quick = (run: QuickStep): Step => ({ kind: 'quick', run });
export const slow = (run: SlowStep): Step => ({ kind: 'slow', run });

/** For slow steps that change nothing in the core database. */
export const nothingMore =
  (output: Output = {}) =>
  async (): Promise<Output> =>
    output;

/** @throws KolateError KLT_EVENT_INVALID when the input is not that of a tenant's saga */
export function toContext(command: StepCommandName, message: Message<CommandData>): StepContext {
  const { sagaId, step, direction, attempt, tenantId, deadline, input, outputs } = message.data;
  if (!strictValidator(StepInput)(input)) {
    throw new KolateError('KLT_EVENT_INVALID', `${command}: the input is not that of a saga on a tenant`);
  }
  return {
    ...{ command, sagaId, step, direction, attempt, tenantId, outputs },
    input: input as StepInput,
    deadline: Date.parse(deadline),
    origin: { correlationId: sagaId, causationId: message.id, traceparent: message.traceparent },
  };
}
