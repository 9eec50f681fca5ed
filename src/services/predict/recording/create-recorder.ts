import { KolateError } from '../../../contracts/errors';
import { predictionCompleted } from '../../../contracts/events/predict-events';
import type { Appender } from '../../../platform/kafka/append/create-appender';
import { type BatchWriter, createBatchWriter, type RecordBatch } from '../../../platform/kafka/append/record-batch';
import type { PredictionRecord, Recorder } from '../protocol/prediction-record';
import { type BufferOptions, batchBytes, createBestEffortBuffer, createRecordCounts } from './best-effort-buffer';
import { createRecordEncoder, headerCount } from './encode-record';

export type RecorderOptions = BufferOptions & {
  /** How long a required record waits for the broker. */
  readonly requiredTimeoutMs?: number;
  /** For tests, which share a broker. */
  readonly topic?: string;
};

export type RunningRecorder = {
  readonly record: Recorder;
  /** Sends what waits, for `timeoutMs` at most; what is left then is counted as dropped. Takes nothing more. */
  drain(timeoutMs: number): Promise<void>;
  readonly stats: () => { readonly bufferedBytes: number; readonly bufferedRecords: number; readonly dropped: number };
};

type Waiter = { readonly resolve: () => void; readonly reject: (error: unknown) => void };

/**
 * Writes records of predictions to their topic. Required ones go out at the end of the turn of the event loop, all together,
 * and their callers wait. Best-effort ones wait for others, are tried again until the broker has them, and are dropped and
 * counted when they have filled their buffer.
 */
export function createRecorder(options: RecorderOptions): RunningRecorder {
  const { appender, requiredTimeoutMs = 3_000, topic = predictionCompleted.topic.name } = options;
  const counts = createRecordCounts(options.metrics);
  const { counter } = counts;
  const encoder = createRecordEncoder();
  const bestEffort = createBestEffortBuffer(options, topic, counts);
  const required = createBatchWriter();
  let waiters: Waiter[] = [];

  function flushRequired(): void {
    if (required.records() === 0) return;
    const batch = required.take();
    const waiting = waiters;
    waiters = [];
    append(appender, topic, batch, requiredTimeoutMs).then(
      () => {
        batch.release();
        counter.inc({ outcome: 'sent' }, batch.records);
        for (const { resolve } of waiting) resolve();
      },
      (error: unknown) => {
        counter.inc({ outcome: 'refused' }, batch.records);
        const away = new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'the prediction could not be recorded', {
          hint: 'this model records every prediction (recording: required); try again',
          retryAfterSeconds: 1,
          cause: error,
        });
        for (const { reject } of waiting) reject(away);
      },
    );
  }

  const add = (writer: BatchWriter, record: PredictionRecord): void =>
    writer.add(record.id, encoder.json(record), encoder.headers(record), headerCount, record.ascii);

  return {
    record(record) {
      if (record.recording === 'best-effort') {
        if (bestEffort.hasRoom()) {
          add(bestEffort.writer, record);
          bestEffort.onAdded();
        }
        return undefined;
      }
      if (required.bytes() >= batchBytes) flushRequired();
      if (required.records() === 0) setImmediate(flushRequired);
      add(required, record);
      return new Promise((resolve, reject) => waiters.push({ resolve, reject }));
    },
    drain: bestEffort.drain,
    stats: bestEffort.stats,
  };
}

/** Twice, since the first failure may only say that the topic's leader has moved or a connection was old. */
async function append(
  appender: Pick<Appender, 'append'>,
  topic: string,
  batch: RecordBatch,
  timeoutMs: number,
): Promise<void> {
  try {
    await appender.append(topic, batch, timeoutMs);
  } catch (error) {
    if (!(error instanceof KolateError) || !error.retryable) throw error;
    await appender.append(topic, batch, timeoutMs);
  }
}
