import { type Kafka as KafkaJs, type Producer as KafkaJsProducer, Partitioners } from 'kafkajs';
import { KolateError } from '../../contracts/errors';
import type { DataOf, EventContract } from '../../contracts/events/event';
import { mapKafkaError } from './kafka-client';
import { encodeMessage, type MessageFields, newMessage } from './message-codec';
import type { Namespace } from './namespace';
import type { OutgoingRecord } from './record';

export type Producer = {
  /**
   * Resolves when every record is on all in-sync replicas. Records of one call keep their order within a partition.
   * Callers that come together share a request.
   * @throws KolateError KLT_DEPENDENCY_UNAVAILABLE when the broker is away for seconds, KLT_OVERLOADED when too much waits,
   * KLT_BODY_TOO_LARGE
   */
  send(records: readonly OutgoingRecord[]): Promise<void>;
  /** One message straight to its topic: for what needs no transaction. @throws as `send`, and KLT_EVENT_INVALID */
  publish<E extends EventContract>(event: E, source: string, fields: MessageFields<DataOf<E>>): Promise<void>;
  /** Bytes that wait to be sent. */
  queuedBytes(): number;
  /** Sends what waits, then disconnects. */
  close(): Promise<void>;
};

const maxQueuedBytes = 64 * 1024 * 1024;
const maxRequestBytes = 900_000;
const maxRequestRecords = 2_000;

type Job = {
  readonly records: readonly OutgoingRecord[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

export function createProducer(client: KafkaJs, names: Namespace): Producer {
  const connection = createConnection(client, names);
  const queue: Job[] = [];
  let queuedBytes = 0;
  let running: Promise<void> | undefined;
  let closed = false;

  const send = (records: readonly OutgoingRecord[]): Promise<void> => {
    if (records.length === 0) return Promise.resolve();
    const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0);
    if (closed || queuedBytes + bytes > maxQueuedBytes) {
      return Promise.reject(new KolateError('KLT_OVERLOADED', 'too many records wait to be sent to Kafka'));
    }
    queuedBytes += bytes;
    return new Promise((resolve, reject) => {
      queue.push({ records, bytes, resolve, reject });
      // Whoever comes in the same turn of the event loop goes with the same request.
      running ??= new Promise<void>((done) => setImmediate(() => void flush().then(done)));
    });
  };

  const flush = async (): Promise<void> => {
    while (queue.length > 0) {
      const jobs = takeJobs(queue);
      for (const job of jobs) queuedBytes -= job.bytes;
      await sendJobs(connection, jobs);
    }
    running = undefined;
  };

  return {
    send,
    publish: async (event, source, fields) =>
      send([encodeMessage(event.topic.name, newMessage(event, source, fields))]),
    queuedBytes: () => queuedBytes,
    async close() {
      closed = true;
      await running;
      await connection.close();
    },
  };
}

function takeJobs(queue: Job[]): Job[] {
  let bytes = 0;
  let records = 0;
  let count = 0;
  for (const job of queue) {
    bytes += job.bytes;
    records += job.records.length;
    if (count > 0 && (bytes > maxRequestBytes || records > maxRequestRecords)) break;
    count += 1;
  }
  return queue.splice(0, count);
}

async function sendJobs(connection: Connection, jobs: readonly Job[]): Promise<void> {
  try {
    await connection.send(jobs.flatMap(({ records }) => records));
    for (const job of jobs) job.resolve();
  } catch (error) {
    const mapped = mapKafkaError(error);
    const [first] = jobs;
    // One record too large fails its whole request: the others are sent without it.
    if (mapped.code === 'KLT_BODY_TOO_LARGE' && jobs.length > 1)
      for (const job of jobs) await sendJobs(connection, [job]);
    else if (mapped.code === 'KLT_BODY_TOO_LARGE' && first) first.reject(mapped);
    else for (const job of jobs) job.reject(mapped);
  }
}

const sizeOf = ({ key, value, headers }: OutgoingRecord): number => {
  let bytes = 64 + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, content] of Object.entries(headers)) bytes += name.length + content.length;
  return bytes;
};

type Connection = ReturnType<typeof createConnection>;

/** One idempotent kafkajs producer, replaced after a failure: its sequence numbers may no longer be the broker's. */
function createConnection(client: KafkaJs, names: Namespace) {
  let current: Promise<KafkaJsProducer> | undefined;

  const open = async (): Promise<KafkaJsProducer> => {
    const producer = client.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 6 },
    });
    await producer.connect();
    return producer;
  };
  const drop = async (): Promise<void> => {
    const dropped = current;
    current = undefined;
    await dropped?.then((producer) => producer.disconnect()).catch(() => undefined);
  };
  return {
    async send(records: readonly OutgoingRecord[]): Promise<void> {
      try {
        current ??= open();
        const producer = await current;
        await producer.sendBatch({ acks: -1, timeout: 5_000, topicMessages: byTopic(records, names) });
      } catch (error) {
        await drop();
        throw error;
      }
    },
    close: drop,
  };
}

function byTopic(records: readonly OutgoingRecord[], names: Namespace) {
  const topics = new Map<
    string,
    { key: OutgoingRecord['key']; value: OutgoingRecord['value']; headers: Record<string, string | Buffer> }[]
  >();
  for (const { topic, key, value, headers } of records) {
    const messages = topics.get(topic) ?? [];
    messages.push({ key, value, headers: { ...headers } });
    topics.set(topic, messages);
  }
  return [...topics].map(([topic, messages]) => ({ topic: names.outer(topic), messages }));
}
