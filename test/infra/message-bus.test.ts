import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { dev } from '../../lib/config/dev';
import type { Environment } from '../../lib/config/environment';
import { prod } from '../../lib/config/prod';
import { createApp } from '../../lib/platform-app';
import { MessagingStack } from '../../lib/stacks/messaging-stack';
import { NetworkStack } from '../../lib/stacks/network-stack';
import { SecurityStack } from '../../lib/stacks/security-stack';
import { allTopics, topics } from '../../src/contracts/topics';

type Statement = { Action: string | string[]; Resource: unknown };

function synthesized(environment: Environment) {
  const app = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
  const { alarmTopic } = new SecurityStack(app, { environment });
  const { vpc } = new NetworkStack(app, { environment, alarmTopic });
  const stack = new MessagingStack(app, { environment, vpc, alarmTopic });
  const clients = new Stack(app, 'clients', { env: { account: stack.account, region: stack.region } });
  const role = new Role(clients, 'Role', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
  return { stack, clients, role };
}

const templateOf = (environment: Environment) => Template.fromStack(synthesized(environment).stack);

/** What the policies of `clients` allow, resources by the name at their end. */
function allowed(clients: Stack): Record<string, string[]> {
  const policies = Template.fromStack(clients).findResources('AWS::IAM::Policy');
  const statements = Object.values(policies).flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
  const byResource: Record<string, string[]> = {};
  for (const { Action, Resource } of statements as Statement[]) {
    for (const resource of [Resource].flat()) {
      const name = /topic\/|group\//.test(JSON.stringify(resource))
        ? JSON.stringify(resource).replace(/^.*:(topic|group)\/.*"\/([^"]*)".*$/, '$1 $2')
        : 'cluster';
      byResource[name] = [...new Set([...(byResource[name] ?? []), ...[Action].flat()])].sort();
    }
  }
  return byResource;
}

describe.each([dev, prod])('the message bus of $name', (environment) => {
  const template = templateOf(environment);

  it('lets clients in by IAM over TLS alone, and encrypts what it keeps with our key', () => {
    template.hasResourceProperties('AWS::MSK::Cluster', {
      ClientAuthentication: { Sasl: { Iam: { Enabled: true } }, Unauthenticated: { Enabled: false } },
      EncryptionInfo: {
        EncryptionAtRest: { DataVolumeKMSKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] } },
        EncryptionInTransit: { ClientBroker: 'TLS', InCluster: true },
      },
    });
  });

  it('has every topic of the contracts, with its partitions, retention and compaction', () => {
    const made = Object.values(template.findResources('AWS::MSK::Topic')).map(({ Properties }) => Properties);
    expect(made.map(({ TopicName }) => TopicName).sort()).toEqual(
      allTopics()
        .map(({ name }) => name)
        .sort(),
    );
    for (const topic of allTopics()) {
      const one = made.find(({ TopicName }) => TopicName === topic.name);
      expect(one?.PartitionCount).toBe(topic.partitions);
      expect(Buffer.from(one?.Configs, 'base64').toString().split('\n')).toEqual([
        `cleanup.policy=${topic.compacted ? 'compact' : 'delete'}`,
        `retention.ms=${topic.retentionMs}`,
      ]);
    }
  });

  it('makes ten topics at once at most', () => {
    const made = template.findResources('AWS::MSK::Topic');
    const depthOf = (id: string): number => 1 + Math.max(0, ...[made[id]?.DependsOn ?? []].flat().map(depthOf));
    const byDepth = new Map<number, number>();
    for (const id of Object.keys(made)) byDepth.set(depthOf(id), (byDepth.get(depthOf(id)) ?? 0) + 1);
    expect([...byDepth.values()].every((count) => count <= 10)).toBe(true);
    expect(byDepth.size).toBe(Math.ceil(allTopics().length / 10));
  });

  it('keeps brokers and topics when the stack goes, which cannot go by accident', () => {
    for (const type of ['AWS::MSK::Cluster', 'AWS::MSK::Topic', 'AWS::MSK::Configuration', 'AWS::KMS::Key']) {
      template.allResources(type, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    }
    expect(synthesized(environment).stack.terminationProtection).toBe(true);
  });

  it('lets nobody reach the brokers by itself', () => {
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    template.allResourcesProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: Match.absent() });
  });

  it('has an alarm with a runbook for each broker that is busy or has too many connections', () => {
    const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
    const of = (runbook: string) =>
      alarms.filter(({ AlarmDescription }) => AlarmDescription.includes(`/${runbook}.md`));
    expect(of('kafka-broker-busy')).toHaveLength(environment.messaging.brokerCount);
    expect(of('kafka-connections')).toHaveLength(environment.messaging.brokerCount);
    for (const alarm of alarms) expect(alarm.AlarmActions).toHaveLength(1);
  });
});

describe('the brokers', () => {
  it('are Express ones with KRaft in prod: three copies, no disk to size, nothing to log', () => {
    const template = templateOf(prod);
    template.hasResourceProperties('AWS::MSK::Cluster', {
      KafkaVersion: '3.9.x.kraft',
      BrokerNodeGroupInfo: { InstanceType: 'express.m7g.large', StorageInfo: Match.absent() },
      LoggingInfo: Match.absent(),
    });
    template.allResourcesProperties('AWS::MSK::Topic', { ReplicationFactor: 3 });
    template.hasResourceProperties('AWS::MSK::Configuration', { ServerProperties: 'auto.create.topics.enable=false' });
  });

  it('are the smallest ones in dev, which KRaft is not to be had with: as many copies as brokers, logged', () => {
    const template = templateOf(dev);
    template.hasResourceProperties('AWS::MSK::Cluster', {
      KafkaVersion: '3.9.x',
      BrokerNodeGroupInfo: { InstanceType: 'kafka.t3.small', StorageInfo: { EBSStorageInfo: { VolumeSize: 10 } } },
      LoggingInfo: { BrokerLogs: { CloudWatchLogs: { Enabled: true } } },
    });
    template.allResourcesProperties('AWS::MSK::Topic', { ReplicationFactor: 2 });
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 7, KmsKeyId: Match.anyValue() });
  });
});

describe('a client of the message bus', () => {
  it('may write to the topics that it was granted, and to nothing else', () => {
    const { stack, clients, role } = synthesized(dev);
    stack.bus.grantProduce(role, topics.replyCore);
    expect(allowed(clients)).toEqual({
      cluster: ['kafka-cluster:Connect', 'kafka-cluster:WriteDataIdempotently', 'kafka:GetBootstrapBrokers'],
      'topic reply.core.v1': ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'],
    });
  });

  it('may read as a member of its group, retry what failed and put aside what cannot be handled', () => {
    const { stack, clients, role } = synthesized(dev);
    stack.bus.grantConsume(role, 'core.sagas', topics.replyCore);
    expect(allowed(clients)).toEqual({
      cluster: ['kafka-cluster:Connect', 'kafka-cluster:WriteDataIdempotently', 'kafka:GetBootstrapBrokers'],
      'group core.sagas': ['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'],
      'topic reply.core.v1': ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
      'topic reply.core.v1.retry': ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData', 'kafka-cluster:WriteData'],
      'topic reply.core.v1.dlq': ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'],
    });
  });

  it('may follow a topic without a right to write anything', () => {
    const { stack, clients, role } = synthesized(dev);
    stack.bus.grantFollow(role, 'latest.predict.*', topics.modelLifecycle);
    expect(allowed(clients)).toEqual({
      cluster: ['kafka-cluster:Connect', 'kafka:GetBootstrapBrokers'],
      'group latest.predict.*': ['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'],
      'topic model.lifecycle.v1': ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
    });
  });

  it('reaches the brokers by a rule that stands in its own stack', () => {
    const { stack, clients } = synthesized(dev);
    const vpc = Vpc.fromVpcAttributes(clients, 'Vpc', { vpcId: 'vpc-1', availabilityZones: ['us-east-1a'] });
    const own = new SecurityGroup(clients, 'Own', { vpc, allowAllOutbound: false });
    stack.bus.allowFrom(own);
    const rules = Template.fromStack(clients);
    const port = { FromPort: 9098, ToPort: 9098, Description: 'Kafka over TLS' };
    rules.hasResourceProperties('AWS::EC2::SecurityGroupIngress', port);
    rules.hasResourceProperties('AWS::EC2::SecurityGroupEgress', port);
    Template.fromStack(stack).resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
  });
});
