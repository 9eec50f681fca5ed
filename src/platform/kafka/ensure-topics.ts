import type { Kafka as KafkaJs } from 'kafkajs';
import type { Topic } from '../../contracts/topics';
import { mapKafkaError, withDeadline } from './kafka-client';
import type { Namespace } from './namespace';

const maxReplicas = 3;

/**
 * Creates the topics that are missing; those that exist stay as they are.
 * @returns the names created
 * @throws KolateError KLT_DEPENDENCY_UNAVAILABLE
 */
export async function ensureTopics(client: KafkaJs, names: Namespace, topics: readonly Topic[]): Promise<string[]> {
  const admin = client.admin();
  const create = async (): Promise<string[]> => {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter(({ name }) => !existing.has(names.outer(name)));
    if (missing.length === 0) return [];
    const { brokers } = await admin.describeCluster();
    await admin.createTopics({
      waitForLeaders: true,
      timeout: 10_000,
      topics: missing.map(({ name, partitions, retentionMs, compacted }) => ({
        topic: names.outer(name),
        numPartitions: partitions,
        replicationFactor: Math.min(maxReplicas, brokers.length),
        configEntries: [
          { name: 'cleanup.policy', value: compacted ? 'compact' : 'delete' },
          { name: 'retention.ms', value: String(retentionMs) },
        ],
      })),
    });
    return missing.map(({ name }) => name);
  };
  try {
    return await withDeadline(create(), 30_000, 'creating topics');
  } catch (error) {
    throw mapKafkaError(error);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
