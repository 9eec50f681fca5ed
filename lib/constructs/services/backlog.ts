import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Topic } from '../../../src/contracts/topics';
import type { MessageBus } from '../message-bus';

/** A consumer's messages that wait, over all partitions, and how many of them one task should have at most. */
export type Backlog = {
  /** Consumer groups as the service's code names them. */
  readonly groups: readonly string[];
  readonly metrics: readonly IMetric[];
  readonly perTask: number;
  /** Of the topic with the most: further tasks would find nothing to do. */
  readonly partitions: number;
};

/**
 * As MSK counts it for nothing, also while no task runs that could say so itself.
 * @param group the consumer group as the service's code names it
 */
export const backlogOf = (
  bus: Pick<MessageBus, 'metricLag'>,
  group: string,
  perTask: number,
  consumed: readonly Pick<Topic, 'name' | 'partitions'>[],
): Backlog => ({
  groups: [group],
  metrics: consumed.map((topic) => bus.metricLag(group, topic)),
  perTask,
  partitions: Math.max(...consumed.map(({ partitions }) => partitions)),
});
