import type { KolateError } from '../../contracts/errors';
import { deadLetterTopic, retryTopic } from '../../contracts/topics';
import { headerText, type OutgoingRecord, type ReceivedRecord } from './record';

/** What a record of a retry topic says of itself; of any other record, what it would say at its first try. */
export type RetryState = {
  /** The consumer group that it waits for: the retry topic is shared by all groups of the main topic. */
  readonly group: string | undefined;
  /** Tries made so far. */
  readonly attempt: number;
  /** Unix ms; not to be tried before. */
  readonly notBefore: number;
  /** Where it was first published. */
  readonly origin: { readonly topic: string; readonly partition: number; readonly offset: number };
};

const numberOf = (record: ReceivedRecord, name: string): number | undefined => {
  const text = headerText(record, name);
  return text === undefined ? undefined : Number(text);
};

export function readRetryState(record: ReceivedRecord): RetryState {
  return {
    group: headerText(record, 'klt_group'),
    attempt: numberOf(record, 'klt_attempt') ?? 0,
    notBefore: numberOf(record, 'klt_not_before') ?? 0,
    origin: {
      topic: headerText(record, 'klt_origin_topic') ?? record.topic,
      partition: numberOf(record, 'klt_origin_partition') ?? record.partition,
      offset: numberOf(record, 'klt_origin_offset') ?? record.offset,
    },
  };
}

type Waiting = { readonly group: string; readonly attempt: number; readonly notBefore: number };

/** The record, its bytes as they came, for the retry topic. */
export function asRetry(record: ReceivedRecord, { group, attempt, notBefore }: Waiting): OutgoingRecord {
  const { origin } = readRetryState(record);
  return copy(record, retryTopic(origin.topic), {
    ...originHeaders(origin),
    klt_group: group,
    klt_attempt: String(attempt),
    klt_not_before: String(notBefore),
  });
}

type Death = { readonly group: string; readonly attempt: number; readonly error: KolateError; readonly at: Date };

/** The record, its bytes as they came, for the dead-letter topic, with why and whence. */
export function asDead(record: ReceivedRecord, { group, attempt, error, at }: Death): OutgoingRecord {
  const { origin } = readRetryState(record);
  return copy(record, deadLetterTopic(origin.topic), {
    ...originHeaders(origin),
    klt_group: group,
    klt_attempt: String(attempt),
    klt_error_code: error.code,
    klt_error_reason: error.detail.slice(0, maxReasonLength),
    klt_failed_at: at.toISOString(),
  });
}

const maxReasonLength = 2_000;

const originHeaders = ({ topic, partition, offset }: RetryState['origin']): Record<string, string> => ({
  klt_origin_topic: topic,
  klt_origin_partition: String(partition),
  klt_origin_offset: String(offset),
});

function copy(record: ReceivedRecord, topic: string, headers: Record<string, string>): OutgoingRecord {
  const kept = Object.entries(record.headers).filter(([name]) => !name.startsWith('klt_'));
  return { topic, key: record.key, value: record.value, headers: { ...Object.fromEntries(kept), ...headers } };
}
