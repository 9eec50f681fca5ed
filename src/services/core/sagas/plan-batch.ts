import { advance, begin } from '../../../domain/sagas/advance';
import { sagas } from '../../../domain/sagas/all-sagas';
import type { SagaDefinition } from '../../../domain/sagas/saga';
import type { CommandEffect, SagaState } from '../../../domain/sagas/saga-state';
import type { OutboxRow } from '../../../platform/outbox/create-outbox';
import { commandRow, type SagaRequest } from './saga-requests';

export type PlanOptions = {
  readonly definitions?: ReadonlyMap<string, SagaDefinition>;
  readonly now?: () => number;
  readonly random?: () => number;
};

/** What a batch of requests makes of the sagas: all of it is written together. */
export type Plan = {
  sagas: { state: SagaState; expectedRevision: number }[];
  messageIds: string[];
  outbox: OutboxRow[];
  /** Sagas with a request that changed nothing. */
  idle: string[];
};

/** What the requests make of the states, in order; messages that change nothing leave no trace. */
export function planBatch(
  requests: readonly SagaRequest[],
  states: ReadonlyMap<string, SagaState>,
  { definitions = sagas, now = Date.now, random = Math.random }: PlanOptions,
): Plan {
  const context = { now: now(), random };
  const moved = new Map<string, SagaState>();
  const messageIds = new Set<string>();
  const outbox: OutboxRow[] = [];
  const idle: string[] = [];
  for (const request of requests) {
    if (request.messageId !== undefined && messageIds.has(request.messageId)) continue;
    const before = moved.get(request.sagaId) ?? states.get(request.sagaId);
    const step = apply(request, before, definitions, context);
    if (!step) {
      idle.push(request.sagaId);
      continue;
    }
    moved.set(request.sagaId, step.state);
    if (request.messageId !== undefined) messageIds.add(request.messageId);
    for (const effect of step.effects) outbox.push(commandRow(step.definition, step.state, effect, request.messageId));
  }
  const changed = [...moved.values()].map((state) => ({
    state,
    expectedRevision: states.get(state.id)?.revision ?? 0,
  }));
  return { sagas: changed, messageIds: [...messageIds], outbox, idle };
}

type Step = { definition: SagaDefinition; state: SagaState; effects: readonly CommandEffect[] };

function apply(
  request: SagaRequest,
  before: SagaState | undefined,
  definitions: ReadonlyMap<string, SagaDefinition>,
  context: { now: number; random: () => number },
): Step | undefined {
  if (request.kind === 'start') {
    if (before) return undefined;
    return { definition: request.definition, ...begin(request.definition, request.start, context) };
  }
  const definition = before && definitions.get(before.saga);
  if (!definition) return undefined;
  const after = advance(definition, before, request.input, context);
  return after.state === before ? undefined : { definition, ...after };
}
