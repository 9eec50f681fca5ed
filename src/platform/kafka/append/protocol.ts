import { KolateError } from '../../../contracts/errors';
import type { RecordBatch } from './record-batch';

/** The requests of Kafka's protocol that appending needs, in versions that brokers from 2.2 to 4.x know. */
export const metadataApi = { key: 3, version: 4 } as const;
export const produceApi = { key: 0, version: 5 } as const;

export type Broker = { readonly id: number; readonly host: string; readonly port: number };
export type Partition = { readonly index: number; readonly leader: number };
export type TopicMetadata = { readonly brokers: readonly Broker[]; readonly partitions: readonly Partition[] };

const text = (value: string | null): Buffer => {
  if (value === null) return Buffer.from([0xff, 0xff]);
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

export function requestHead(api: { key: number; version: number }, correlation: number, clientId: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt16BE(api.key, 0);
  head.writeInt16BE(api.version, 2);
  head.writeInt32BE(correlation, 4);
  return Buffer.concat([head, text(clientId)]);
}

/** Asks for one topic, and not to make it. */
export const metadataRequest = (topic: string): Buffer[] => [int32(1), text(topic), Buffer.from([0])];

/** One batch for one partition, to be on all in-sync replicas before the answer. */
export function produceRequest(topic: string, partition: number, batch: RecordBatch, timeoutMs: number): Buffer[] {
  const acks = Buffer.from([0xff, 0xff]);
  const head = [text(null), acks, int32(timeoutMs), int32(1), text(topic), int32(1), int32(partition)];
  return [Buffer.concat([...head, int32(batch.bytes.length)]), batch.bytes];
}

/** Reads an answer field by field. @throws RangeError when it is shorter than it says */
function createReader(bytes: Buffer) {
  let at = 0;
  const skip = (length: number): number => {
    at += length;
    return at - length;
  };
  const reader = {
    skip,
    int16: () => bytes.readInt16BE(skip(2)),
    int32: () => bytes.readInt32BE(skip(4)),
    text() {
      const length = reader.int16();
      return length < 0 ? '' : bytes.toString('utf8', skip(length), at);
    },
    list: <T>(item: () => T): T[] => Array.from({ length: Math.max(0, reader.int32()) }, item),
  };
  return reader;
}

/** @throws KolateError KLT_DEPENDENCY_UNAVAILABLE when the broker cannot say where the topic is */
export function readMetadata(bytes: Buffer): TopicMetadata {
  const { skip, int16, int32: number, text: string, list } = createReader(bytes);
  skip(4); // throttle time
  const brokers = list(() => {
    const broker = { id: number(), host: string(), port: number() };
    string(); // rack
    return broker;
  });
  string(); // cluster
  skip(4); // controller
  const [topic] = list(() => {
    const error = int16();
    string();
    skip(1); // internal
    const partitions = list(() => {
      skip(2); // a partition without a leader says so by its leader
      const partition = { index: number(), leader: number() };
      list(number); // replicas
      list(number); // in sync
      return partition;
    });
    return { error, partitions };
  });
  if (topic?.error !== 0) throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', describe(topic?.error));
  return { brokers, partitions: topic.partitions.filter(({ leader }) => leader >= 0) };
}

const tooLarge: ReadonlySet<number> = new Set([10, 18]);

/** @throws KolateError KLT_BODY_TOO_LARGE, KLT_DEPENDENCY_UNAVAILABLE for all that may be better next time */
export function checkProduced(bytes: Buffer): void {
  const { skip, int16, text: string, list } = createReader(bytes);
  const errors = list(() => {
    string();
    return list(() => {
      skip(4);
      const error = int16();
      skip(24); // offset, time, start of the log
      return error;
    });
  }).flat();
  const error = errors.find((code) => code !== 0);
  if (error === undefined) return;
  throw new KolateError(tooLarge.has(error) ? 'KLT_BODY_TOO_LARGE' : 'KLT_DEPENDENCY_UNAVAILABLE', describe(error));
}

const describe = (error: number | undefined): string =>
  `Kafka answers with the error ${error ?? 'of an unknown topic'}`;
