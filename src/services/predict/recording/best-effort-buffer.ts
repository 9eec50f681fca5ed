import { Counter, Gauge, type Registry } from 'prom-client';
import { KolateError } from '../../../contracts/errors';
import type { Appender } from '../../../platform/kafka/append/create-appender';
import { createBatchWriter, type RecordBatch } from '../../../platform/kafka/append/record-batch';
import type { Backoff } from '../../../platform/kafka/record';
import type { Logger } from '../../../platform/logging/create-logger';

export type BufferOptions = {
  readonly appender: Pick<Appender, 'append'>;
  readonly metrics: Registry;
  readonly log: Logger;
  readonly backoff: Backoff;
  /** What best-effort records may take of this process's memory before new ones are dropped. */
  readonly maxBufferedBytes?: number;
  readonly maxBufferedRecords?: number;
  /** How long best-effort records wait for others to go with. */
  readonly lingerMs?: number;
};

/** A batch is sent once it has as much. With the largest of records on top it is below what a broker takes (1 MiB). */
export const batchBytes = 512 * 1024;
const maxInFlight = 2;
const appendTimeoutMs = 5_000;
const reportMs = 5_000;

export type RecordCounts = {
  readonly counter: Counter<'outcome'>;
  /** Added to the counter when it is read: there may be very many in a short time. */
  readonly dropped: { total: number };
};

export function createRecordCounts(metrics: Registry): RecordCounts {
  const dropped = { total: 0 };
  let counted = 0;
  const counter = new Counter({
    name: 'kolate_prediction_records_total',
    help: 'Records of predictions by what became of them: sent, dropped (best effort), refused (required)',
    labelNames: ['outcome'] as const,
    registers: [metrics],
    collect() {
      this.inc({ outcome: 'dropped' }, dropped.total - counted);
      counted = dropped.total;
    },
  });
  return { counter, dropped };
}

/** Best-effort records: written, sealed into batches, sent in the background. */
export function createBestEffortBuffer(options: BufferOptions, topic: string, { counter, dropped }: RecordCounts) {
  const { appender, metrics, log, backoff, lingerMs = 20 } = options;
  const { maxBufferedBytes = 32 * 1024 * 1024, maxBufferedRecords = 50_000 } = options;
  const writer = createBatchWriter();
  const sealed: RecordBatch[] = [];
  const total = { bytes: 0, records: 0 };
  let inFlight = 0;
  let failures = 0;
  let closed = false;
  let linger: NodeJS.Timeout | undefined;
  let retry: NodeJS.Timeout | undefined;
  let onEmpty: (() => void) | undefined;
  let reporting: NodeJS.Timeout | undefined;
  let reported = 0;

  new Gauge({
    name: 'kolate_prediction_records_buffered_bytes',
    help: 'Best-effort records that wait for the broker',
    registers: [metrics],
    collect() {
      this.set(total.bytes + writer.bytes());
    },
  });

  function seal(): void {
    clearTimeout(linger);
    linger = undefined;
    if (writer.records() === 0) return;
    const batch = writer.take();
    total.bytes += batch.bytes.length;
    total.records += batch.records;
    sealed.push(batch);
    pump();
  }

  function pump(): void {
    while (inFlight < maxInFlight && retry === undefined) {
      const batch = sealed.shift();
      if (!batch) break;
      inFlight++;
      void send(batch).finally(() => {
        inFlight--;
        pump();
      });
    }
    if (inFlight === 0 && sealed.length === 0) onEmpty?.();
  }

  async function send(batch: RecordBatch): Promise<void> {
    try {
      await appender.append(topic, batch, appendTimeoutMs);
      failures = 0;
      settle(batch);
      counter.inc({ outcome: 'sent' }, batch.records);
    } catch (error) {
      if (error instanceof KolateError && !error.retryable) {
        settle(batch);
        drop(batch.records);
        return;
      }
      sealed.unshift(batch);
      if (failures++ === 0) log.warn({ err: error }, 'records of predictions wait: Kafka does not answer');
      retry ??= setTimeout(() => {
        retry = undefined;
        pump();
      }, backoff(failures));
    }
  }

  function settle(batch: RecordBatch): void {
    batch.release();
    total.bytes -= batch.bytes.length;
    total.records -= batch.records;
  }

  function drop(records: number): void {
    dropped.total += records;
    // Told at once, and then together: when many are dropped there is no time for each.
    if (reporting) return;
    report();
    // `drain` tells what is left, so nothing waits for this.
    reporting = setTimeout(report, reportMs).unref();
  }

  function report(): void {
    reporting = undefined;
    if (dropped.total === reported) return;
    log.error({ dropped: dropped.total - reported }, 'records of predictions were dropped: the buffer is full');
    reported = dropped.total;
  }

  return {
    writer,
    /** Counts the record as dropped when there is none. */
    hasRoom(): boolean {
      const bytes = total.bytes + writer.bytes();
      if (!closed && bytes < maxBufferedBytes && total.records + writer.records() < maxBufferedRecords) return true;
      drop(1);
      return false;
    },
    /** To be called after each record that was added to `writer`. */
    onAdded(): void {
      if (writer.bytes() >= batchBytes) seal();
      else linger ??= setTimeout(seal, lingerMs);
    },
    async drain(timeoutMs: number): Promise<void> {
      closed = true;
      seal();
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        onEmpty = resolve;
        timer = setTimeout(resolve, timeoutMs);
        clearTimeout(retry);
        retry = undefined;
        pump();
      });
      clearTimeout(timer);
      clearTimeout(retry);
      clearTimeout(reporting);
      const left = total.records;
      dropped.total += left;
      report();
    },
    stats: () => ({
      bufferedBytes: total.bytes + writer.bytes(),
      bufferedRecords: total.records + writer.records(),
      dropped: dropped.total,
    }),
  };
}
