import type { Admin, Kafka as KafkaJs } from 'kafkajs';
import type { Topic } from '../../contracts/topics';
import { mapKafkaError, withDeadline } from './kafka-client';
import type { Namespace } from './namespace';

const maxReplicas = 3;
const deadlineMs = 30_000;
const lookAgainMs = 50;

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
      waitForLeaders: false,
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
    await untilLed(
      admin,
      missing.map(({ name }) => names.outer(name)),
    );
    return missing.map(({ name }) => name);
  };
  try {
    return await withDeadline(create(), deadlineMs, 'creating topics');
  } catch (error) {
    throw mapKafkaError(error);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/**
 * Waits until every partition answers where it ends, which its leader alone does once it leads: metadata name a leader
 * before it has heard of it, and the first records would be refused.
 */
async function untilLed(admin: Admin, topics: readonly string[]): Promise<void> {
  const giveUpAt = Date.now() + deadlineMs;
  for (const topic of topics) {
    while (Date.now() < giveUpAt && !(await leads(admin, topic))) {
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
    }
  }
}

const leads = (admin: Admin, topic: string): Promise<boolean> =>
  admin.fetchTopicOffsets(topic).then(
    () => true,
    () => false,
  );
