import { BatchSpanProcessor, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { Counter, type Registry } from 'prom-client';
import type { Logger } from '../logging/create-logger';

export type SpanQueueOptions = {
  readonly exporter: SpanExporter;
  /** That wait or are on their way; what comes beyond is dropped. */
  readonly maxSpans: number;
  readonly everyMs: number;
  readonly exportTimeoutMs: number;
  readonly log: Logger;
  /** Registers `kolate_spans_total`. */
  readonly registry: Registry;
};

/** The SDK's code for success; its enumeration is in a package that is not ours to depend on. */
const success = 0;

/**
 * The SDK's batches, with a bound that counts what is on its way too, and with counters: `exported`, `failed` (the collector did
 * not take them) and `dropped` (the queue was full). A collector that is away costs spans, never requests.
 */
export function createSpanQueue(options: SpanQueueOptions): SpanProcessor {
  const { exporter, maxSpans, everyMs, exportTimeoutMs, log, registry } = options;
  const spans = new Counter({
    name: 'kolate_spans_total',
    help: 'Spans by what became of them',
    labelNames: ['outcome'] as const,
    registers: [registry],
  });
  let held = 0;
  let failing = false;

  const batches = new BatchSpanProcessor({
    exporter: {
      export(batch, done) {
        exporter.export(batch, (result) => {
          held -= batch.length;
          const failed = result.code !== success;
          spans.inc({ outcome: failed ? 'failed' : 'exported' }, batch.length);
          // Said when it begins, not with each batch.
          if (failed && !failing) log.warn({ err: result.error }, 'spans could not be exported');
          failing = failed;
          done(result);
        });
      },
      shutdown: () => exporter.shutdown(),
    },
    maxQueueSize: maxSpans,
    maxExportBatchSize: Math.min(512, maxSpans),
    scheduledDelayMillis: everyMs,
    // The exporter has the same deadline, and says so itself; this one is for an exporter that says nothing.
    exportTimeoutMillis: exportTimeoutMs + 1_000,
  });
  return {
    onStart: (span, context) => batches.onStart(span, context),
    onEnd(span) {
      if (held >= maxSpans) {
        spans.inc({ outcome: 'dropped' });
        return;
      }
      held++;
      batches.onEnd(span);
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => batches.shutdown(),
  };
}
