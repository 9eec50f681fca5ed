import { toKolateError } from '../../../contracts/errors';
import type { Tracer } from '../../../platform/telemetry/tracer';
import type { StepContext } from './step';

/** One run of a step, below the command that asked for it. */
export type StepTrace = {
  /** With the span as its origin, so that what the step sends is seen below it. */
  readonly context: StepContext;
  /** Once; with the error when it failed. */
  end(error?: unknown): void;
};

export function traceStep(tracer: Tracer | undefined, context: StepContext): StepTrace {
  const { command, sagaId, tenantId, step, direction, attempt, origin } = context;
  const span = tracer?.follow('internal', `step ${command}`, origin.traceparent, {
    'kolate.tenant_id': tenantId,
    'kolate.saga_id': sagaId,
    'kolate.step': step,
    'kolate.direction': direction,
    'kolate.attempt': attempt,
  });
  if (!span) return { context, end: () => undefined };
  return {
    context: { ...context, origin: { ...origin, traceparent: span.traceparent } },
    end: (error) => span.end(error === undefined ? undefined : toKolateError(error).code),
  };
}
