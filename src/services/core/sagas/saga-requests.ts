import { randomUUID } from 'node:crypto';
import type { Message } from '../../../contracts/events/event';
import {
  operationCancelRequested,
  operationProgressed,
  operationRetryRequested,
  stepFailed,
  stepSucceeded,
} from '../../../contracts/events/saga-messages';
import { topics } from '../../../contracts/topics';
import type { SagaStart } from '../../../domain/sagas/advance';
import { sagas } from '../../../domain/sagas/all-sagas';
import type { SagaDefinition } from '../../../domain/sagas/saga';
import type { CommandEffect, SagaInput, SagaState } from '../../../domain/sagas/saga-state';
import { toOperation } from '../../../domain/sagas/to-operation';
import { encodeMessage } from '../../../platform/kafka/message-codec';
import type { OutgoingRecord } from '../../../platform/kafka/record';
import { messageRow, type OutboxRow } from '../../../platform/outbox/create-outbox';

/** Something that may move a saga. `messageId` is absent for what the clock asks. */
export type SagaRequest = { readonly sagaId: string; readonly messageId: string | undefined } & (
  | { readonly kind: 'start'; readonly definition: SagaDefinition; readonly start: SagaStart }
  | { readonly kind: 'input'; readonly input: SagaInput }
);

const startersByType = new Map([...sagas.values()].map((definition) => [definition.startedBy.type, definition]));

/** Everything that the saga engine listens to. */
export const sagaEvents = [
  ...[...sagas.values()].map(({ startedBy }) => startedBy),
  stepSucceeded,
  stepFailed,
  operationRetryRequested,
  operationCancelRequested,
];

type Data = Readonly<Record<string, unknown>>;

/** What a message, validated against its contract, asks of which saga. */
export function toRequest(message: Message): SagaRequest {
  // The consumer has validated the data against the contract of the message's type.
  const data = message.data as Data;
  const messageId = message.id;
  const definition = startersByType.get(message.type);
  if (definition) {
    const sagaId = String(data.operationId);
    const { traceparent } = message;
    const start = { id: sagaId, tenantId: String(data.tenantId), input: data, ...(traceparent ? { traceparent } : {}) };
    return { kind: 'start', sagaId, messageId, definition, start };
  }
  if (message.type === operationRetryRequested.type || message.type === operationCancelRequested.type) {
    const kind = message.type === operationRetryRequested.type ? 'retry' : 'cancel';
    return { kind: 'input', sagaId: String(data.operationId), messageId, input: { kind } };
  }
  return { kind: 'input', sagaId: String(data.sagaId), messageId, input: toReply(message.type, data) };
}

function toReply(type: string, data: Data): SagaInput {
  const { step, direction, attempt, output, cause, retryable } = data as {
    step: string;
    direction: 'do' | 'undo';
    attempt: number;
    output: Data;
    cause: { code: string; detail: string; hint?: string };
    retryable: boolean;
  };
  const result = type === stepSucceeded.type ? { ok: true as const, output } : { ok: false as const, cause, retryable };
  return { kind: 'replied', step, direction, attempt, result };
}

const source = 'core';

/** The command as a message: keyed by the tenant, so that what one operation sends a tenant's stores stays in order. */
export function commandRow(
  definition: SagaDefinition,
  state: SagaState,
  effect: CommandEffect,
  causationId: string | undefined,
): OutboxRow {
  const outputs = definition.steps.flatMap(({ name }, index) => {
    const output = state.steps[index]?.output;
    return output ? [[name, output] as const] : [];
  });
  return messageRow(topics.commandEnterpriseInfo.name, {
    id: randomUUID(),
    type: effect.command,
    source,
    time: '',
    key: state.tenantId,
    tenantId: state.tenantId,
    correlationId: state.id,
    causationId,
    traceparent: state.traceparent,
    data: {
      sagaId: state.id,
      step: effect.step,
      direction: effect.direction,
      attempt: effect.attempt,
      tenantId: state.tenantId,
      deadline: new Date(effect.deadline).toISOString(),
      input: state.input,
      outputs: Object.fromEntries(outputs),
    },
  });
}

/** The fact that a saga has moved, for everybody who shows operations. */
export function progressedRecord(definition: SagaDefinition, state: SagaState): OutgoingRecord {
  return encodeMessage(operationProgressed.topic.name, {
    id: randomUUID(),
    type: operationProgressed.type,
    source,
    time: new Date(state.updatedAt).toISOString(),
    key: state.id,
    tenantId: state.tenantId,
    correlationId: state.id,
    causationId: undefined,
    traceparent: state.traceparent,
    data: { revision: state.revision, operation: toOperation(definition, state) },
  });
}
