import { RemovalPolicy } from 'aws-cdk-lib';
import { type CfnCluster, CfnTopic } from 'aws-cdk-lib/aws-msk';
import type { Construct } from 'constructs';
import { allTopics, type Topic } from '../../src/contracts/topics';

/** The cluster takes so many at once; more are refused for coming too fast. */
const atOnce = 10;

/** Every topic of the contracts, retry and dead-letter topics included, each kept when it leaves the template. */
export function addKafkaTopics(scope: Construct, cluster: CfnCluster, replicationFactor: number): void {
  let before: CfnTopic[] = [];
  const topics = allTopics();
  for (let from = 0; from < topics.length; from += atOnce) {
    const batch = topics.slice(from, from + atOnce).map((topic) => addTopic(scope, cluster, topic, replicationFactor));
    for (const topic of batch) for (const earlier of before) topic.addResourceDependency(earlier);
    before = batch;
  }
}

function addTopic(scope: Construct, cluster: CfnCluster, topic: Topic, replicationFactor: number): CfnTopic {
  const resource = new CfnTopic(scope, `Topic-${topic.name}`, {
    clusterArn: cluster.attrArn,
    topicName: topic.name,
    partitionCount: topic.partitions,
    replicationFactor,
    configs: Buffer.from(configOf(topic)).toString('base64'),
  });
  resource.applyRemovalPolicy(RemovalPolicy.RETAIN);
  return resource;
}

/** As a properties file. */
const configOf = ({ compacted, retentionMs }: Topic): string =>
  [`cleanup.policy=${compacted ? 'compact' : 'delete'}`, `retention.ms=${retentionMs}`].join('\n');
