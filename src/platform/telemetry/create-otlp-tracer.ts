import { SpanKind as OtelKind, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Registry } from 'prom-client';
import type { Logger } from '../logging/create-logger';
import { createSpanQueue } from './create-span-queue';
import { type ParentSpan, sampledParent } from './trace-context';
import type { Span, SpanAttributes, SpanKind, Tracer } from './tracer';

export type OtlpTracerOptions = {
  readonly service: string;
  readonly endpoint: string;
  readonly ratio: number;
  readonly log: Logger;
  readonly registry: Registry;
  /** Spans that may wait or be on their way (2048). */
  readonly maxSpans?: number;
  /** How long a span waits for company (2 s). */
  readonly everyMs?: number;
  readonly random?: () => number;
};

const exportTimeoutMs = 5_000;
const closeTimeoutMs = 3_000;
const kinds: Readonly<Record<SpanKind, OtelKind>> = {
  server: OtelKind.SERVER,
  consumer: OtelKind.CONSUMER,
  internal: OtelKind.INTERNAL,
};

/**
 * Records spans with OpenTelemetry's SDK and exports them over OTLP/HTTP. Nothing global is set and nothing patched: whoever has
 * work to show begins a span and hands its `traceparent` on. Whether a trace is sampled is decided here, before the SDK
 * is asked, so that what is not costs a look at one character or a random number.
 */
export function createOtlpTracer(options: OtlpTracerOptions): Tracer {
  const { service, endpoint, ratio, log, registry, maxSpans = 2_048, everyMs = 2_000, random = Math.random } = options;
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: exportTimeoutMs });
  const provider = new TracerProvider({
    sampler: new AlwaysOnSampler(),
    resource: resourceFromAttributes({ 'service.name': service, 'service.namespace': 'kolate' }),
    spanLimits: { attributeValueLengthLimit: 1_024 },
    spanProcessors: [createSpanQueue({ exporter, maxSpans, everyMs, exportTimeoutMs, log, registry })],
  });
  const recorder = provider.getTracer('kolate');

  function record(kind: SpanKind, name: string, parent: ParentSpan | undefined, attributes?: SpanAttributes): Span {
    const context = parent
      ? trace.setSpanContext(ROOT_CONTEXT, { ...parent, traceFlags: 1, isRemote: true })
      : ROOT_CONTEXT;
    const span = recorder.startSpan(name, { kind: kinds[kind], attributes: { ...attributes } }, context);
    const { traceId, spanId } = span.spanContext();
    return {
      traceId,
      traceparent: `00-${traceId}-${spanId}-01`,
      set: (more) => void span.setAttributes({ ...more }),
      end(failure) {
        if (failure !== undefined) {
          span.setAttribute('error.type', failure).setStatus({ code: SpanStatusCode.ERROR, message: failure });
        }
        span.end();
      },
    };
  }

  return {
    begin(kind, name, traceparent, attributes) {
      const parent = sampledParent(traceparent);
      if (parent === 'not sampled' || (parent === undefined && random() >= ratio)) return undefined;
      return record(kind, name, parent, attributes);
    },
    follow(kind, name, traceparent, attributes) {
      const parent = sampledParent(traceparent);
      return typeof parent === 'object' ? record(kind, name, parent, attributes) : undefined;
    },
    async close() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`not sent within ${closeTimeoutMs} ms`)), closeTimeoutMs);
      });
      await Promise.race([provider.shutdown(), late])
        .catch((error: unknown) => log.warn({ err: error }, 'the last spans could not be sent'))
        .finally(() => clearTimeout(timer));
    },
  };
}
