import { KolateError } from '../../../contracts/errors';
import { createNamespace } from '../namespace';
import { type BrokerConnection, openConnection } from './broker-connection';
import {
  type Broker,
  checkProduced,
  metadataApi,
  metadataRequest,
  type Partition,
  produceApi,
  produceRequest,
  readMetadata,
  type TopicMetadata,
} from './protocol';
import type { RecordBatch } from './record-batch';

export type AppenderOptions = {
  /** host:port */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls?: boolean;
  /** Signs in by SASL/OAUTHBEARER with what it answers, asked for each connection. */
  readonly token?: () => Promise<string>;
  /** Stands before the names of topics, where several platforms share a cluster. */
  readonly namespace?: string;
};

export type Appender = {
  /**
   * Appends a batch to some partition of the topic: for records that are in no order. One try; a batch whose answer was lost
   * may be there all the same, so that readers have to know records that they have seen.
   * @throws KolateError KLT_DEPENDENCY_UNAVAILABLE, KLT_BODY_TOO_LARGE
   */
  append(topic: string, batch: RecordBatch, timeoutMs: number): Promise<void>;
  close(): void;
};

type Known = TopicMetadata & { readonly until: number };

const metadataMs = 60_000;

/**
 * Appends encoded batches to topics, on all in-sync replicas. Beside the producer of `create-producer` for what is written on
 * the hot path: it takes a tenth of the processor's time, and does without order, keys' partitions and idempotence.
 */
export function createAppender({ brokers, clientId, tls = false, token, namespace }: AppenderOptions): Appender {
  const names = createNamespace(namespace);
  const connections = new Map<string, BrokerConnection>();
  const topics = new Map<string, Promise<Known>>();
  let turn = 0;

  const connectionTo = (host: string, port: number): BrokerConnection => {
    const name = `${host}:${port}`;
    const there = connections.get(name);
    if (there?.isOpen()) return there;
    const opened = openConnection({ host, port }, { clientId, tls, token });
    connections.set(name, opened);
    return opened;
  };

  /** From the first broker that answers. */
  async function fetchMetadata(topic: string, timeoutMs: number): Promise<Known> {
    let failure: unknown;
    for (const address of brokers) {
      const at = address.lastIndexOf(':');
      const connection = connectionTo(address.slice(0, at), Number(address.slice(at + 1)));
      try {
        const answer = await connection.ask(metadataApi, metadataRequest(topic), timeoutMs);
        return { ...readMetadata(answer), until: Date.now() + metadataMs };
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  async function metadataOf(topic: string, timeoutMs: number): Promise<Known> {
    const asked = topics.get(topic);
    const known = await asked?.catch(() => undefined);
    if (known && known.until > Date.now()) return known;
    // Whoever was first to see that it is old asks; the others wait for the same answer.
    const other = topics.get(topic);
    if (other && other !== asked) return other;
    const asking = fetchMetadata(topic, timeoutMs);
    topics.set(topic, asking);
    asking.catch(() => topics.delete(topic));
    return asking;
  }

  return {
    async append(name, batch, timeoutMs) {
      const topic = names.outer(name);
      const metadata = await metadataOf(topic, timeoutMs);
      const { partition, broker } = choose(metadata, turn++);
      try {
        const body = produceRequest(topic, partition.index, batch, timeoutMs);
        checkProduced(await connectionTo(broker.host, broker.port).ask(produceApi, body, timeoutMs));
      } catch (error) {
        // Leaders may have moved.
        topics.delete(topic);
        throw error;
      }
    },
    close() {
      for (const connection of connections.values()) connection.close();
      connections.clear();
    },
  };
}

function choose({ partitions, brokers }: TopicMetadata, turn: number): { partition: Partition; broker: Broker } {
  const partition = partitions[turn % Math.max(1, partitions.length)];
  const broker = brokers.find(({ id }) => id === partition?.leader);
  if (partition && broker) return { partition, broker };
  throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'no partition of the topic has a leader', {
    retryAfterSeconds: 1,
  });
}
