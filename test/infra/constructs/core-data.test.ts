import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { dev } from '../../../lib/config/dev';
import type { Environment } from '../../../lib/config/environment';
import { prod } from '../../../lib/config/prod';
import { createApp } from '../../../lib/platform-app';
import { CoreDataStack } from '../../../lib/stacks/core-data-stack';
import { NetworkStack } from '../../../lib/stacks/network-stack';
import { SecurityStack } from '../../../lib/stacks/security-stack';

function synthesized(environment: Environment) {
  const app = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
  const { alarmTopic } = new SecurityStack(app, { environment });
  const { vpc } = new NetworkStack(app, { environment, alarmTopic });
  const stack = new CoreDataStack(app, { environment, vpc, alarmTopic });
  const clients = new Stack(app, 'clients', { env: { account: stack.account, region: stack.region } });
  const role = new Role(clients, 'Role', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
  return { stack, clients, role };
}

const ourKey = { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] };
const kept = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' };

describe.each([dev, prod])('the core stores of $name', (environment) => {
  const { stack } = synthesized(environment);
  const template = Template.fromStack(stack);
  const { backupDays, documents, cache, postgres } = environment.coreData;

  it('are encrypted with our key, and stay when their stack goes, which cannot go by accident', () => {
    template.hasResource('AWS::RDS::DBCluster', {
      ...kept,
      Properties: Match.objectLike({ StorageEncrypted: true, KmsKeyId: ourKey, DeletionProtection: true }),
    });
    template.hasResource('AWS::DocDB::DBCluster', {
      ...kept,
      Properties: Match.objectLike({ StorageEncrypted: true, KmsKeyId: ourKey, DeletionProtection: true }),
    });
    template.hasResource('AWS::ElastiCache::ReplicationGroup', {
      ...kept,
      Properties: Match.objectLike({ AtRestEncryptionEnabled: true, KmsKeyId: ourKey }),
    });
    expect(stack.terminationProtection).toBe(true);
  });

  it('are spoken to over TLS alone', () => {
    template.hasResourceProperties('AWS::RDS::DBClusterParameterGroup', {
      Parameters: Match.objectLike({ 'rds.force_ssl': '1' }),
    });
    template.hasResourceProperties('AWS::DocDB::DBClusterParameterGroup', {
      Parameters: Match.objectLike({ tls: 'tls1.2+' }),
    });
    template.hasResourceProperties('AWS::ElastiCache::ReplicationGroup', {
      TransitEncryptionEnabled: true,
      TransitEncryptionMode: 'required',
    });
  });

  it('are backed up, and taken by the plan of the environment', () => {
    const tags = Match.arrayWith([{ Key: 'kolate:backup', Value: `${environment.name}-daily` }]);
    for (const type of ['AWS::RDS::DBCluster', 'AWS::DocDB::DBCluster']) {
      template.hasResourceProperties(type, { BackupRetentionPeriod: backupDays, Tags: tags });
    }
    template.hasResourceProperties('AWS::ElastiCache::ReplicationGroup', { SnapshotRetentionLimit: backupDays });
  });

  it('keep no password in the template, and none for ever', () => {
    template.hasResourceProperties('AWS::RDS::DBCluster', {
      ManageMasterUserPassword: true,
      MasterUserPassword: Match.absent(),
      MasterUserSecret: { KmsKeyId: ourKey },
      EnableIAMDatabaseAuthentication: true,
    });
    template.hasResourceProperties('AWS::SecretsManager::Secret', { KmsKeyId: ourKey });
    template.resourceCountIs('AWS::SecretsManager::RotationSchedule', 1);
    template.hasResourceProperties('AWS::ElastiCache::User', { AuthenticationMode: { Type: 'iam' } });
  });

  it('let nobody in by the user that ElastiCache wants everybody to have', () => {
    template.hasResourceProperties('AWS::ElastiCache::User', {
      UserName: 'default',
      AccessString: Match.stringLikeRegexp('^off .*-@all$'),
    });
  });

  it('write logs that are ours before the stores are made', () => {
    const groups = template.findResources('AWS::Logs::LogGroup', { Properties: { LogGroupName: Match.anyValue() } });
    expect(Object.keys(groups)).toHaveLength(6);
    const named = (cluster: string, kind: string) =>
      Object.entries(groups).find(([, { Properties }]) => Properties.LogGroupName.endsWith(`${cluster}/${kind}`))?.[0];
    for (const [type, id, kinds] of [
      ['AWS::RDS::DBCluster', 'DBClusterIdentifier', ['postgresql', 'iam-db-auth-error']],
      ['AWS::DocDB::DBCluster', 'DBClusterIdentifier', ['audit', 'profiler']],
    ] as const) {
      const [cluster] = Object.values(template.findResources(type));
      expect([...(cluster?.Properties.EnableCloudwatchLogsExports ?? [])].sort()).toEqual([...kinds].sort());
      for (const kind of kinds) expect(cluster?.DependsOn).toContain(named(cluster?.Properties[id], kind));
    }
    for (const { Properties } of Object.values(groups)) expect(Properties.RetentionInDays).toBe(environment.logDays);
  });

  it('are as large and as many as the environment says, looked at from within and kept up to date', () => {
    template.resourceCountIs('AWS::RDS::DBInstance', 1 + postgres.readers);
    template.allResourcesProperties('AWS::RDS::DBInstance', {
      AutoMinorVersionUpgrade: true,
      MonitoringInterval: 60,
      EnablePerformanceInsights: true,
      PubliclyAccessible: false,
    });
    template.resourceCountIs('AWS::DocDB::DBInstance', documents.instances);
    template.hasResourceProperties('AWS::ElastiCache::ReplicationGroup', {
      CacheNodeType: cache.nodeType,
      ReplicasPerNodeGroup: cache.replicas,
      AutomaticFailoverEnabled: cache.replicas > 0,
      MultiAZEnabled: cache.replicas > 0,
      AutoMinorVersionUpgrade: true,
    });
  });

  it('are reached by nobody but those who rotate their secrets', () => {
    const rules = Object.values(template.findResources('AWS::EC2::SecurityGroupIngress'));
    expect(rules.map(({ Properties }) => Properties.FromPort)).toEqual([27_018]);
  });
});

it('PostgreSQL pauses in dev when nobody uses it, and never in prod', () => {
  const scaling = (environment: Environment) =>
    Object.values(Template.fromStack(synthesized(environment).stack).findResources('AWS::RDS::DBCluster'))[0]
      ?.Properties.ServerlessV2ScalingConfiguration;
  expect(scaling(dev)).toEqual({ MinCapacity: 0, MaxCapacity: 2, SecondsUntilAutoPause: 900 });
  expect(scaling(prod)).toEqual({ MinCapacity: 2, MaxCapacity: 32 });
});

describe('a client of the core stores', () => {
  it('may sign in as one role of PostgreSQL, and nothing else', () => {
    const { stack, clients, role } = synthesized(dev);
    stack.postgres.grantConnect(role, 'enterprise_info');
    Template.fromStack(clients).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          {
            Action: 'rds-db:connect',
            Effect: 'Allow',
            Resource: { 'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp('/enterprise_info$')])] },
          },
        ],
      },
    });
    expect(stack.postgres.url('core')).toMatch(/^postgresql:\/\/core@.*:5433\/kolate$/);
  });

  it('may sign in to Valkey as the platform, and nothing else', () => {
    const { stack, clients, role } = synthesized(dev);
    stack.cache.grantConnect(role);
    const [policy] = Object.values(Template.fromStack(clients).findResources('AWS::IAM::Policy'));
    const [statement] = policy?.Properties.PolicyDocument.Statement ?? [];
    expect(statement.Action).toBe('elasticache:Connect');
    const account = `arn:aws:elasticache:us-east-1:${stack.account}`;
    const { user, replicationGroupId } = stack.cache;
    expect(statement.Resource).toEqual([
      `${account}:replicationgroup:${replicationGroupId}`,
      `${account}:user:${user}`,
    ]);
  });

  it('reads the administrators’ passwords without the stores depending on it', () => {
    const { stack, clients, role } = synthesized(dev);
    stack.postgres.grantAdmin(role);
    stack.documents.grantAdmin(role);
    const policies = JSON.stringify(Template.fromStack(clients).findResources('AWS::IAM::Policy'));
    expect(policies).toContain('secretsmanager:GetSecretValue');
    expect(policies).toContain('kms:Decrypt');
    expect(stack.dependencies).not.toContain(clients);
  });

  it('reaches each store by a rule that stands in its own stack', () => {
    const { stack, clients } = synthesized(dev);
    const vpc = Vpc.fromVpcAttributes(clients, 'Vpc', { vpcId: 'vpc-1', availabilityZones: ['us-east-1a'] });
    const own = new SecurityGroup(clients, 'Own', { vpc });
    for (const store of [stack.postgres, stack.documents, stack.cache]) store.allowFrom(own);
    const rules = Object.values(Template.fromStack(clients).findResources('AWS::EC2::SecurityGroupIngress'));
    const found = rules.map(({ Properties }) => [Properties.FromPort, Properties.Description]).sort();
    expect(found).toEqual(
      [
        [5_433, 'PostgreSQL over TLS'],
        [6_380, 'Valkey over TLS'],
        [27_018, 'DocumentDB over TLS'].map((value) => value),
      ].sort(),
    );
  });
});
