import { Type } from '@sinclair/typebox';
import { strict, Uuid } from '../http/common';
import { Cause, Operation } from '../http/operations';
import { topics } from '../topics';
import { event } from './event';

const directions = Type.Union([Type.Literal('do'), Type.Literal('undo')]);
/** Which run of which step: a reply that names another attempt than the current one changes nothing. */
const stepRef = { sagaId: Uuid, step: Type.String(), direction: directions, attempt: Type.Integer({ minimum: 1 }) };

/**
 * The data of every saga command; the message's type is the command's name, such as `stores.provision`.
 * `input` is the saga's input, `outputs` what earlier steps answered, by step name.
 */
export const StepCommand = Type.Object(
  {
    ...stepRef,
    tenantId: Uuid,
    /** RFC 3339: after it nobody waits for the answer any more. */
    deadline: Type.String({ format: 'date-time' }),
    input: Type.Record(Type.String(), Type.Unknown()),
    outputs: Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown())),
  },
  strict,
);

export const stepSucceeded = event(
  'step.succeeded',
  topics.replyCore,
  Type.Object({ ...stepRef, output: Type.Record(Type.String(), Type.Unknown()) }, strict),
);
export const stepFailed = event(
  'step.failed',
  topics.replyCore,
  Type.Object({ ...stepRef, cause: Cause, retryable: Type.Boolean() }, strict),
);

export const operationRetryRequested = event(
  'operation.retry_requested',
  topics.commandCore,
  Type.Object({ operationId: Uuid }, strict),
);
export const operationCancelRequested = event(
  'operation.cancel_requested',
  topics.commandCore,
  Type.Object({ operationId: Uuid }, strict),
);

/** The whole state of an operation after a change. `revision` grows; a smaller one than already seen is old news. */
export const operationProgressed = event(
  'operation.progressed',
  topics.operationLifecycle,
  Type.Object({ revision: Type.Integer(), operation: Operation }, strict),
);
