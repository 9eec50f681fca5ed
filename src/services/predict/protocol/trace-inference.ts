import type { Span, Tracer } from '../../../platform/telemetry/tracer';
import type { ResolvedModel } from '../inference/resolved-model';

/** The call of a model, below the span of its request; undefined where the request is not recorded. */
export const traceInference = (
  tracer: Tracer | undefined,
  request: Span | undefined,
  { tenantId, model, version }: ResolvedModel,
): Span | undefined =>
  request &&
  tracer?.follow('internal', 'inference', request.traceparent, {
    'kolate.tenant_id': tenantId,
    'kolate.model': model,
    'kolate.model_version': String(version),
  });
