import { Fn, Names, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { type IMetric, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnCluster, CfnConfiguration } from 'aws-cdk-lib/aws-msk';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { deadLetterTopic, retryTopic, type Topic } from '../../src/contracts/topics';
import type { Environment } from '../config/environment';
import { acknowledge } from './acknowledge';
import { addBrokerAlarms } from './broker-alarms';
import { explainWildcard } from './explain-wildcard';
import { addKafkaTopics } from './kafka-topics';
import { letIn } from './let-in';

export type MessageBusProps = {
  readonly vpc: ec2.IVpc;
  readonly key: IKey;
  readonly alarmTopic: ITopic;
  readonly messaging: Environment['messaging'];
  readonly logDays: number;
};

/** SASL/IAM over TLS inside of the VPC; no other listener is open. */
const iamPort = ec2.Port.tcp(9098);

/**
 * Kafka on MSK with every topic of the contracts. Clients sign in with their IAM role over TLS, and have by their grants
 * what they need of single topics and groups. Brokers, data and topics stay when the stack goes.
 */
export class MessageBus extends Construct implements ec2.IConnectable {
  readonly clusterArn: string;
  /** Dimension of the cluster's metrics. */
  readonly clusterName: string;
  readonly connections: ec2.Connections;
  private readonly securityGroup: ec2.SecurityGroup;
  /** Taken out of the ARN in this stack, and kept in a parameter: no stack can split what another one puts out. */
  private readonly clusterUuid: string;

  constructor(scope: Construct, id: string, props: MessageBusProps) {
    super(scope, id);
    const { vpc, messaging, alarmTopic } = props;
    this.securityGroup = new ec2.SecurityGroup(this, 'Brokers', {
      vpc,
      allowAllOutbound: false,
      description: 'Kafka brokers',
    });
    this.connections = new ec2.Connections({ securityGroups: [this.securityGroup], defaultPort: iamPort });
    this.clusterName = Names.uniqueResourceName(this, { maxLength: 64, separator: '-' });
    const cluster = new CfnCluster(this, 'Cluster', {
      clusterName: this.clusterName,
      kafkaVersion: kafkaVersion(messaging),
      numberOfBrokerNodes: messaging.brokerCount,
      brokerNodeGroupInfo: {
        instanceType: messaging.instanceType,
        clientSubnets: vpc.selectSubnets({ subnetGroupName: 'data' }).subnetIds,
        securityGroups: [this.securityGroup.securityGroupId],
        ...storage(messaging),
      },
      clientAuthentication: { sasl: { iam: { enabled: true } }, unauthenticated: { enabled: false } },
      encryptionInfo: {
        encryptionAtRest: { dataVolumeKmsKeyId: props.key.keyArn },
        encryptionInTransit: { clientBroker: 'TLS', inCluster: true },
      },
      configurationInfo: this.configuration(messaging),
      ...this.observation(props),
    });
    cluster.applyRemovalPolicy(RemovalPolicy.RETAIN);
    if (isExpress(messaging)) acknowledge(cluster, 'AwsSolutions-MSK6', 'Express brokers have no log to send.');
    this.clusterArn = cluster.attrArn;
    this.clusterUuid = new StringParameter(this, 'Uuid', {
      description: 'Part of the ARNs of topics and groups of the Kafka cluster',
      stringValue: Fn.select(2, Fn.split('/', cluster.attrArn)),
    }).stringValue;
    addKafkaTopics(this, cluster, replicas(messaging));
    addBrokerAlarms(this, { topic: alarmTopic, clusterName: this.clusterName, messaging });
  }

  /** Lets `peer` reach the brokers. The rules stand in the stack of `peer`. */
  allowFrom(peer: ec2.IConnectable): void {
    letIn(this.securityGroup, peer, iamPort, 'Kafka over TLS');
  }

  /** To find the brokers and to write to `topics`, idempotently as well. */
  grantProduce(grantee: IGrantable, ...topics: readonly Topic[]): Grant {
    return this.grantConnect(grantee, 'kafka-cluster:WriteDataIdempotently').combine(
      this.grant(grantee, ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'], this.arnsOf(topics)),
    );
  }

  /**
   * To find the brokers and to read `topics` as a member of `group`; a consumed topic comes with its retry topic, which is
   * read and written, and its dead-letter topic, which is written.
   * @param group a name, or the beginning of the names and `*`
   */
  grantConsume(grantee: IGrantable, group: string, ...topics: readonly Topic[]): Grant {
    const consumed = topics.filter((topic) => topic.consumed);
    const retries = consumed.map(({ name }) => ({ name: retryTopic(name) }));
    const deadLetters = consumed.map(({ name }) => ({ name: deadLetterTopic(name) }));
    const read = this.grantRead(grantee, group, [...topics, ...retries]);
    if (consumed.length === 0) return read;
    const write = this.grant(
      grantee,
      ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'],
      this.arnsOf([...retries, ...deadLetters]),
    );
    return read.combine(this.grantConnect(grantee, 'kafka-cluster:WriteDataIdempotently')).combine(write);
  }

  /** As `grantConsume`, for readers that put nothing aside: caches that follow what happens. */
  grantFollow(grantee: IGrantable, group: string, ...topics: readonly Topic[]): Grant {
    return this.grantRead(grantee, group, topics);
  }

  /** To see how far `topics` reach, without reading them. */
  grantDescribe(grantee: IGrantable, ...topics: readonly { readonly name: string }[]): Grant {
    return this.grantConnect(grantee).combine(
      this.grant(grantee, ['kafka-cluster:DescribeTopic'], this.arnsOf(topics)),
    );
  }

  /** Messages of `topic` that `group` has not taken yet, over all partitions. */
  metricLag(group: string, topic: { readonly name: string }): IMetric {
    return new Metric({
      namespace: 'AWS/Kafka',
      metricName: 'SumOffsetLag',
      dimensionsMap: { 'Cluster Name': this.clusterName, 'Consumer Group': group, Topic: topic.name },
      statistic: 'Maximum',
    });
  }

  private grantRead(grantee: IGrantable, group: string, topics: readonly { readonly name: string }[]): Grant {
    const groupActions = ['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'];
    const groupArn = this.arnOf('group', group);
    if (group.endsWith('*') && Construct.isConstruct(grantee)) {
      explainWildcard(grantee, groupArn, 'Each process makes a group of its own when it starts.');
    }
    return this.grantConnect(grantee)
      .combine(this.grant(grantee, ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'], this.arnsOf(topics)))
      .combine(this.grant(grantee, groupActions, [groupArn]));
  }

  private grantConnect(grantee: IGrantable, ...more: string[]): Grant {
    const actions = ['kafka:GetBootstrapBrokers', 'kafka-cluster:Connect', ...more];
    return this.grant(grantee, actions, [this.clusterArn]);
  }

  private grant(grantee: IGrantable, actions: string[], resourceArns: string[]): Grant {
    return Grant.addToPrincipal({ grantee, actions, resourceArns });
  }

  private arnsOf(topics: readonly { readonly name: string }[]): string[] {
    return topics.map(({ name }) => this.arnOf('topic', name));
  }

  /** arn:…:kafka:region:account:cluster/name/uuid, and for what is in the cluster …:topic/name/uuid/topic */
  private arnOf(kind: 'topic' | 'group', name: string): string {
    const resourceName = `${this.clusterName}/${this.clusterUuid}/${name}`;
    return Stack.of(this).formatArn({ service: 'kafka', resource: kind, resourceName });
  }

  private configuration(messaging: Environment['messaging']): CfnCluster.ConfigurationInfoProperty {
    const version = kafkaVersion(messaging);
    const copies = replicas(messaging);
    // Express brokers have three copies, two of them in sync, and refuse to be told.
    const ofStandard = [
      `default.replication.factor=${copies}`,
      `min.insync.replicas=${Math.max(1, copies - 1)}`,
      'unclean.leader.election.enable=false',
    ];
    const configuration = new CfnConfiguration(this, 'Configuration', {
      // Another version is another configuration, which needs another name.
      name: `${this.clusterName.slice(0, 40)}-${version.replaceAll('.', '-')}`,
      kafkaVersionsList: [version],
      serverProperties: ['auto.create.topics.enable=false', ...(isExpress(messaging) ? [] : ofStandard)].join('\n'),
    });
    configuration.applyRemovalPolicy(RemovalPolicy.RETAIN);
    const revision = Token.asNumber(configuration.getAtt('LatestRevision.Revision'));
    return { arn: configuration.attrArn, revision };
  }

  /** Metrics per broker cost by the metric: only where the brokers are worth it. Express ones log nothing. */
  private observation({ messaging, key, logDays }: MessageBusProps) {
    if (isExpress(messaging)) return { enhancedMonitoring: 'PER_BROKER', rebalancing: { status: 'ACTIVE' } };
    const logGroup = new LogGroup(this, 'BrokerLogs', {
      encryptionKey: key,
      retention: logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const cloudWatchLogs = { enabled: true, logGroup: logGroup.logGroupName };
    return { enhancedMonitoring: 'DEFAULT', loggingInfo: { brokerLogs: { cloudWatchLogs } } };
  }
}

const isExpress = ({ brokers }: Environment['messaging']): boolean => brokers === 'express';

/** `.kraft` chooses KRaft, which Express needs and t3 brokers are refused with. 3.9 is the last line with both. */
const kafkaVersion = (messaging: Environment['messaging']): string => (isExpress(messaging) ? '3.9.x.kraft' : '3.9.x');

const replicas = (messaging: Environment['messaging']): number =>
  isExpress(messaging) ? 3 : Math.min(3, messaging.brokerCount);

const storage = ({ diskGib }: Environment['messaging']) =>
  diskGib === undefined ? {} : { storageInfo: { ebsStorageInfo: { volumeSize: diskGib } } };
