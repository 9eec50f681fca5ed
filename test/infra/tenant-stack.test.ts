import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { featureFlags } from '../../lib/config/feature-flags';
import { TenantStack } from '../../lib/stacks/tenant-stack';
import { sharedCellDemand, tenantUse } from '../../src/contracts/cells';

const app = new App({
  context: { ...featureFlags },
  analyticsReporting: false,
  builtinCloudFormationValidation: false,
});
const template = Template.fromStack(new TenantStack(app, 'tenant', { name: 'dev', logDays: 7 }));
const text = JSON.stringify(template.toJSON());
type Resource = { Type: string; Condition?: string; Properties: Record<string, unknown>; DeletionPolicy?: string };
type Joined = { 'Fn::Join': [string, (string | { Ref: string })[]] };
const filled = (value: Joined): string =>
  value['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : 'x')).join('');
const resources = Object.values(template.toJSON().Resources as Record<string, Resource>);

describe('the template of a tenant', () => {
  it('is small enough to be sent with the request, and far below the limits on parameters and resources', () => {
    expect(text.length).toBeLessThanOrEqual(51_200);
    expect(resources.length).toBeLessThan(50);
    expect(Object.keys(template.toJSON().Parameters).length).toBeLessThan(60);
  });

  it('brings no asset and names no account, region or tenant', () => {
    expect(text).not.toMatch(/\b\d{12}\b/);
    expect(text).not.toMatch(/us-east-1|cdk-hnb659fds/);
  });

  it('makes a host and a volume only where no shared cell is named', () => {
    const own = resources.filter(({ Condition }) => Condition === 'OwnCell').map(({ Type }) => Type);
    expect(own.sort()).toEqual(['AWS::AutoScaling::AutoScalingGroup', 'AWS::EC2::LaunchTemplate', 'AWS::EC2::Volume']);
  });

  it('tags launch templates itself, which CloudFormation does not, as the role that makes them may make no other', () => {
    template.allResourcesProperties('AWS::EC2::LaunchTemplate', {
      TagSpecifications: [
        { ResourceType: 'launch-template', Tags: [{ Key: 'kolate:tenant', Value: { Ref: 'TenantId' } }] },
      ],
    });
  });

  it('encrypts the volume with the tenant’s key and leaves a snapshot of it', () => {
    template.hasResource('AWS::EC2::Volume', {
      DeletionPolicy: 'Snapshot',
      UpdateReplacePolicy: 'Snapshot',
      Properties: { Encrypted: true, KmsKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] } },
    });
    template.hasResource('AWS::KMS::Key', { DeletionPolicy: 'Retain', Properties: { EnableKeyRotation: true } });
  });

  it('lets none but AWS’ services hand out grants on the key, and keeps logs as long as the platform', () => {
    template.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            ...{ Effect: 'Deny', Principal: '*', Action: 'kms:CreateGrant' },
            Condition: {
              BoolIfExists: { 'kms:GrantIsForAWSResource': 'false', 'aws:PrincipalIsAWSService': 'false' },
            },
          }),
        ]),
      },
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
  });

  it('runs each engine as nobody else, on a read-only root, with its own passwords from the secret', () => {
    const [task] = resources.filter(({ Type }) => Type === 'AWS::ECS::TaskDefinition');
    type Container = { Name: string; User: string; ReadonlyRootFilesystem: boolean; Secrets?: { Name: string }[] };
    const containers = task?.Properties.ContainerDefinitions as Container[];
    expect(containers.map(({ Name }) => Name)).toEqual(['folders', 'postgres', 'mongo', 'valkey']);
    for (const { Name, User, ReadonlyRootFilesystem, Secrets = [] } of containers) {
      expect(ReadonlyRootFilesystem).toBe(true);
      if (Name === 'folders') continue;
      expect(User).toBe('10001:10001');
      expect(Secrets.map((secret) => secret.Name)).toEqual(
        expect.arrayContaining(['PASSWORD', 'TLS_CERTIFICATE', 'TLS_KEY']),
      );
    }
  });

  it('asks the host for a limit in a folder of its own that no engine has, and for none on a host of its own', () => {
    type Mount = { SourceVolume: string };
    type Container = { Name: string; MountPoints: Mount[]; Environment?: unknown };
    type Volume = { Name: string; Host?: { SourcePath: unknown } };
    const tasks = resources.filter(({ Type }) => Type === 'AWS::ECS::TaskDefinition');
    for (const { Properties } of tasks) {
      const volumes = Properties.Volumes as Volume[];
      expect(volumes.find(({ Name }) => Name === 'limits')?.Host?.SourcePath).toEqual({
        'Fn::Join': ['', ['/data/limits/', { Ref: 'TenantId' }]],
      });
      const containers = Properties.ContainerDefinitions as Container[];
      const withLimits = containers.filter(({ MountPoints }) => MountPoints.some((at) => at.SourceVolume === 'limits'));
      expect(withLimits.map(({ Name }) => Name)).toEqual(['folders']);
      expect(withLimits[0]?.Environment).toEqual([
        { Name: 'DISK_GIB', Value: { 'Fn::If': ['OwnCell', '0', { Ref: 'DiskGib' }] } },
      ]);
    }
    expect(template.toJSON().Parameters.DiskGib.Default).toBe(sharedCellDemand.diskGib);
  });

  it('rings before what one stores on a shared host is refused, in percent of what it may', () => {
    const [alarm] = resources.filter(({ Condition }) => Condition === 'InSharedCell');
    expect(template.toJSON().Conditions.InSharedCell).toEqual({ 'Fn::Not': [{ Condition: 'OwnCell' }] });
    expect(alarm?.Properties).toMatchObject({
      ...{ Threshold: 85, ComparisonOperator: 'GreaterThanOrEqualToThreshold', TreatMissingData: 'notBreaching' },
      AlarmDescription: expect.stringContaining('docs/runbooks/tenant-disk.md'),
      AlarmActions: [{ Ref: 'AlarmTopic' }],
      Metrics: [
        {
          ...{ Id: 'stored', ReturnData: false },
          MetricStat: {
            Metric: {
              ...{ Namespace: tenantUse.namespace, MetricName: tenantUse.disk },
              Dimensions: [{ Name: tenantUse.dimension, Value: { Ref: 'TenantId' } }],
            },
          },
        },
        {
          ...{ Id: 'share', ReturnData: true },
          Expression: { 'Fn::Join': ['', ['100 * stored / 1024 / ', { Ref: 'DiskGib' }]] },
        },
      ],
    });
  });

  it('lets the services in and nobody else', () => {
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [5_432, 27_017, 6_379, 26_379].map((port) =>
        Match.objectLike({ FromPort: port, ToPort: port, SourceSecurityGroupId: { Ref: 'ClientGroup' } }),
      ),
    });
  });

  it('gives the engines a role without rights, inside the boundary', () => {
    template.hasResourceProperties('AWS::IAM::Role', {
      PermissionsBoundary: { Ref: 'Boundary' },
      Policies: Match.absent(),
      ManagedPolicyArns: Match.absent(),
    });
  });

  it('has its passwords rotated by the platform’s function every 90 days, once the engines run', () => {
    const [service] = Object.keys(template.findResources('AWS::ECS::Service'));
    template.hasResource('AWS::SecretsManager::RotationSchedule', {
      DependsOn: Match.arrayWith([service]),
      Properties: {
        SecretId: { Ref: 'CredentialsArn' },
        RotationLambdaARN: { Ref: 'Rotation' },
        RotationRules: { ScheduleExpression: 'rate(90 days)' },
        RotateImmediatelyOnUpdate: false,
      },
    });
    // Both users of each are let in by engines that start.
    for (const key of ['postgresClone', 'mongoClone', 'redisClone', 'redisMaintenanceClone']) {
      expect(text).toContain(`:${key}::`);
    }
  });

  it('tells the driver where the stores are, as JSON once the parameters are filled in', () => {
    const [condition, three, one] = template.toJSON().Outputs.Endpoints.Value['Fn::If'] as [string, Joined, Joined];
    expect(condition).toBe('Three');
    const common = {
      postgres: { host: 'x.tenants.kolate.internal', port: 5_432, database: 'tenant' },
      mongo: { port: 27_017 },
      redis: { port: 6_379, keyPrefix: 't:x:' },
    };
    expect(JSON.parse(filled(one))).toMatchObject(common);
    expect(JSON.parse(filled(one))).not.toHaveProperty('members');
    const members = ['x.tenants.kolate.internal', 'x-2.tenants.kolate.internal', 'x-3.tenants.kolate.internal'];
    expect(JSON.parse(filled(three))).toMatchObject({ ...common, members });
  });

  it('makes the second and third member only where there are three, each on a host of its own slot', () => {
    const typed = (type: string) => resources.filter(({ Type }) => Type === type);
    const conditions = (type: string) => typed(type).map(({ Condition }) => Condition);
    expect(conditions('AWS::ECS::Service')).toEqual([undefined, 'Three', 'Three']);
    expect(conditions('AWS::EC2::Volume')).toEqual(['OwnCell', 'OwnThree', 'OwnThree']);
    expect(conditions('AWS::CloudWatch::Alarm')).toEqual([undefined, 'Three', 'Three', 'InSharedCell']);
    const pinned = typed('AWS::ECS::Service').map(({ Properties }) => {
      const [{ Expression }] = Properties.PlacementConstraints as [{ Expression: Joined }];
      return Expression['Fn::Join'][1].at(-1);
    });
    expect(pinned).toEqual([{ Ref: 'Slot' }, ' and attribute:kolate.slot == 2', ' and attribute:kolate.slot == 3']);
  });

  it('tells the engines of three who all are and which one they are, and those of one an empty list', () => {
    const tasks = resources.filter(({ Type }) => Type === 'AWS::ECS::TaskDefinition');
    const told = tasks.map(({ Properties }) =>
      (Properties.ContainerDefinitions as { Name: string; Environment: { Name: string; Value: unknown }[] }[])
        .filter(({ Name }) => Name !== 'folders')
        .map(({ Name, Environment }) => [Name, ...Environment.slice(2)]),
    );
    const all = { 'Fn::Join': ['', expect.arrayContaining([{ Ref: 'TenantId' }])] };
    const knows = (engine: string, Value: string) => [
      engine,
      { Name: 'MEMBERS', Value: Value === '1' ? { 'Fn::If': ['Three', all, ''] } : all },
      { Name: 'MEMBER', Value },
    ];
    expect(told).toEqual([
      [knows('postgres', '1'), knows('mongo', '1'), knows('valkey', '1')],
      [knows('postgres', '2'), knows('valkey', '2')],
      [knows('postgres', '3'), knows('valkey', '3')],
    ]);
  });

  it('lets three members speak to one another and to nobody else’s, and one to nobody', () => {
    for (const type of ['AWS::EC2::SecurityGroupIngress', 'AWS::EC2::SecurityGroupEgress']) {
      const rules = resources.filter(({ Type }) => Type === type);
      expect(rules.map(({ Properties }) => [Properties.FromPort, Properties.ToPort])).toEqual([
        [2_379, 2_380],
        [5_432, 5_432],
        [8_008, 8_008],
        [6_379, 6_379],
        [26_379, 26_379],
      ]);
      for (const { Condition, Properties } of rules) {
        const { GroupId, SourceSecurityGroupId = GroupId, DestinationSecurityGroupId = GroupId } = Properties;
        expect([Condition, SourceSecurityGroupId, DestinationSecurityGroupId]).toEqual(['Three', GroupId, GroupId]);
      }
    }
  });
});
