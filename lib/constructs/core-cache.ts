import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type IMetric, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import { Grant, type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { coreCacheAccess, coreKeyPrefix, tenantUserPrefix } from '../../src/contracts/cache-access';
import type { Environment } from '../config/environment';
import { acknowledge } from './acknowledge';
import { explainWildcard } from './explain-wildcard';
import { KolateAlarm } from './kolate-alarm';
import { letIn } from './let-in';
import { addStoreLogs, storeName } from './store-logs';

export type CoreCacheProps = {
  readonly vpc: ec2.IVpc;
  readonly key: IKey;
  readonly alarmTopic: ITopic;
  readonly environment: Pick<Environment, 'coreData' | 'logDays'>;
};

const port = 6380;

/**
 * Valkey on ElastiCache. TLS only; the platform comes in with IAM tokens as one ACL user that sees its own keys, tenants
 * that share stores as users of their own, made beside this template.
 */
export class CoreCache extends Construct implements ec2.IConnectable {
  readonly host: string;
  readonly port = port;
  /** Of the platform, and the beginning of all of its keys. */
  readonly user: string;
  readonly keyPrefix = coreKeyPrefix;
  readonly replicationGroupId: string;
  /**
   * Tenants' users are added to it at run time. Never change `userIds` here: CloudFormation would put back its own list
   * and lock the tenants out.
   */
  readonly userGroupId: string;
  readonly connections: ec2.Connections;
  private readonly securityGroup: ec2.SecurityGroup;

  constructor(scope: Construct, id: string, props: CoreCacheProps) {
    super(scope, id);
    const { vpc, key, environment } = props;
    const { cache, backupDays } = environment.coreData;
    const name = storeName(this);
    this.securityGroup = new ec2.SecurityGroup(this, 'Clients', {
      vpc,
      allowAllOutbound: false,
      description: 'Core Valkey',
    });
    this.connections = new ec2.Connections({ securityGroups: [this.securityGroup], defaultPort: ec2.Port.tcp(port) });
    this.user = name;
    this.replicationGroupId = name;
    const group = this.addUsers();
    const logKinds = ['slow-log', 'engine-log'];
    const logs = addStoreLogs(this, `/aws/elasticache/${name}`, logKinds, { key, logDays: environment.logDays });
    const subnets = new elasticache.CfnSubnetGroup(this, 'Subnets', {
      description: 'Core Valkey',
      subnetIds: vpc.selectSubnets({ subnetGroupName: 'data' }).subnetIds,
    });
    const parameters = new elasticache.CfnParameterGroup(this, 'Parameters', {
      cacheParameterGroupFamily: 'valkey8',
      description: 'Core Valkey',
      // As on one machine: what has a time to live goes first.
      properties: { 'maxmemory-policy': 'volatile-lru' },
    });
    const replicated = cache.replicas > 0;
    const valkey = new elasticache.CfnReplicationGroup(this, 'Valkey', {
      replicationGroupId: name,
      replicationGroupDescription: 'Core Valkey',
      engine: 'valkey',
      engineVersion: '8.1',
      cacheNodeType: cache.nodeType,
      numNodeGroups: 1,
      replicasPerNodeGroup: cache.replicas,
      automaticFailoverEnabled: replicated,
      multiAzEnabled: replicated,
      port,
      cacheSubnetGroupName: subnets.ref,
      cacheParameterGroupName: parameters.ref,
      securityGroupIds: [this.securityGroup.securityGroupId],
      userGroupIds: [group.ref],
      transitEncryptionEnabled: true,
      transitEncryptionMode: 'required',
      atRestEncryptionEnabled: true,
      kmsKeyId: key.keyArn,
      snapshotRetentionLimit: backupDays,
      autoMinorVersionUpgrade: true,
      logDeliveryConfigurations: logs.map(({ logGroupName }, index) => ({
        logType: logKinds[index] as string,
        logFormat: 'json',
        destinationType: 'cloudwatch-logs',
        destinationDetails: { cloudWatchLogsDetails: { logGroup: logGroupName } },
      })),
    });
    valkey.applyRemovalPolicy(RemovalPolicy.RETAIN);
    this.host = valkey.attrPrimaryEndPointAddress;
    this.userGroupId = group.ref;
    explain(valkey, replicated);
    this.addAlarms(props.alarmTopic, cache.replicas + 1);
  }

  /** Lets `peer` reach the cache. The rules stand in the stack of `peer`. */
  allowFrom(peer: ec2.IConnectable): void {
    letIn(this.securityGroup, peer, ec2.Port.tcp(port), 'Valkey over TLS');
  }

  /** To sign in as the platform's user. */
  grantConnect(grantee: IGrantable): Grant {
    const resourceArns = [this.arn('replicationgroup', this.replicationGroupId), this.arn('user', this.user)];
    return Grant.addToPrincipal({ grantee, actions: ['elasticache:Connect'], resourceArns });
  }

  /** To make the users of tenants, let them in, and take them away: those of this environment, never the platform's. */
  grantTenantUsers(grantee: Construct & IGrantable, { name }: Pick<Environment, 'name'>): void {
    const users = this.arn('user', `${tenantUserPrefix}*`);
    const allow = (actions: string[], resources: string[], tagged?: 'Request' | 'Resource') =>
      grantee.grantPrincipal.addToPrincipalPolicy(
        new PolicyStatement({
          actions: actions.map((action) => `elasticache:${action}`),
          resources,
          ...(tagged && { conditions: { StringEquals: { [`aws:${tagged}Tag/kolate:environment`]: name } } }),
        }),
      );
    allow(['CreateUser', 'AddTagsToResource'], [users], 'Request');
    allow(['ModifyUser', 'DeleteUser'], [users], 'Resource');
    // Which of them are there is asked before it is known whose they are.
    allow(['DescribeUsers', 'ModifyUserGroup'], [users]);
    allow(['DescribeUserGroups', 'ModifyUserGroup'], [this.arn('usergroup', this.userGroupId)]);
    explainWildcard(grantee, users, 'Every tenant of the pool comes with users of its own, named after it.');
  }

  private arn(resource: string, resourceName: string): string {
    const arnFormat = ArnFormat.COLON_RESOURCE_NAME;
    return Stack.of(this).formatArn({ service: 'elasticache', resource, resourceName, arnFormat });
  }

  private addUsers(): elasticache.CfnUserGroup {
    // ElastiCache wants a user of this name in each group; nobody can sign in as this one.
    const nobody = new elasticache.CfnUser(this, 'Nobody', {
      engine: 'valkey',
      userId: `${this.user.slice(0, 33)}-nobody`,
      userName: 'default',
      accessString: 'off ~* -@all',
      authenticationMode: { Type: 'no-password-required' },
    });
    const platform = new elasticache.CfnUser(this, 'Platform', {
      engine: 'valkey',
      userId: this.user,
      // IAM wants it to be the same.
      userName: this.user,
      accessString: coreCacheAccess,
      authenticationMode: { Type: 'iam' },
    });
    return new elasticache.CfnUserGroup(this, 'Users', {
      engine: 'valkey',
      userGroupId: `${this.user.slice(0, 34)}-users`,
      userIds: [nobody.ref, platform.ref],
    });
  }

  private addAlarms(topic: ITopic, nodes: number): void {
    for (let node = 1; node <= nodes; node++) {
      const cluster = `${this.replicationGroupId}-${String(node).padStart(3, '0')}`;
      new KolateAlarm(this, `Busy${node}`, {
        topic,
        metric: metric('EngineCPUUtilization', cluster),
        threshold: 80,
        evaluationPeriods: 3,
        description: `Valkey’s one thread on node ${node} has been 80 % busy for 15 minutes.`,
        runbook: 'cache-busy',
      });
      new KolateAlarm(this, `MemoryFull${node}`, {
        topic,
        metric: metric('DatabaseMemoryUsagePercentage', cluster),
        threshold: 85,
        evaluationPeriods: 2,
        description: `Valkey’s memory on node ${node} is 85 % full; beyond 100 % what has a time to live goes early.`,
        runbook: 'cache-memory-full',
      });
    }
  }
}

function explain(valkey: elasticache.CfnReplicationGroup, replicated: boolean): void {
  acknowledge(
    valkey,
    'AwsSolutions-AEC6',
    'Everybody signs in as a user of an ACL, with IAM or a password of the own.',
  );
  if (replicated) return;
  acknowledge(valkey, 'AwsSolutions-AEC4', 'An environment that is no production has one node, to cost little.');
  acknowledge(
    valkey,
    'NIST.800.53.R5-ElastiCacheRedisClusterAutomaticBackup',
    'What is in it can be rebuilt; an environment that is no production keeps its backups for a week.',
  );
}

const metric = (metricName: string, cluster: string): IMetric =>
  new Metric({
    namespace: 'AWS/ElastiCache',
    metricName,
    dimensionsMap: { CacheClusterId: cluster },
    statistic: 'Average',
    period: Duration.minutes(5),
  });
