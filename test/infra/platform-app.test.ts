import { type App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { dev } from '../../lib/config/dev';
import { prod } from '../../lib/config/prod';
import { prodStandby } from '../../lib/config/prod-standby';
import { addPlatform, createApp } from '../../lib/platform-app';

type Resource = { Type: string; Properties: Record<string, unknown>; DeletionPolicy?: string };
const dataTypes = [
  ...['AWS::S3::Bucket', 'AWS::RDS::DBCluster', 'AWS::DocDB::DBCluster', 'AWS::ElastiCache::ReplicationGroup'],
  ...['AWS::MSK::Cluster', 'AWS::Cognito::UserPool', 'AWS::Backup::BackupVault', 'AWS::Route53::HostedZone'],
];
type Found = { id: string; resource: Resource };

const stacksOf = (app: App): Stack[] => app.node.children.filter((child) => Stack.isStack(child));
const resourcesOf = (app: App, type: string): Found[] =>
  stacksOf(app).flatMap((stack) =>
    Object.entries(Template.fromStack(stack).findResources(type) as Record<string, Resource>).map(([id, resource]) => ({
      id,
      resource,
    })),
  );

describe.each([dev, prod, prodStandby])('the platform in $name', (environment) => {
  const app = addPlatform(
    createApp({ analyticsReporting: false, builtinCloudFormationValidation: false }),
    environment,
  );

  it('encrypts every bucket, keeps it private and keeps it when its stack goes', () => {
    const buckets = resourcesOf(app, 'AWS::S3::Bucket');
    expect(buckets.length).toBeGreaterThan(4);
    for (const { resource } of buckets) {
      expect(resource.Properties).toMatchObject({
        BucketEncryption: expect.anything(),
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      });
      expect(resource.DeletionPolicy).toBe('Retain');
    }
  });

  it('refuses everything but TLS on every bucket', () => {
    const policies = resourcesOf(app, 'AWS::S3::BucketPolicy').map(({ resource }) =>
      JSON.stringify(resource.Properties),
    );
    expect(policies).toHaveLength(resourcesOf(app, 'AWS::S3::Bucket').length);
    for (const policy of policies) expect(policy).toContain('"aws:SecureTransport":"false"');
  });

  it('rotates every key', () => {
    const keys = resourcesOf(app, 'AWS::KMS::Key');
    expect(keys.length).toBeGreaterThan(0);
    for (const { resource } of keys) expect(resource.Properties.EnableKeyRotation).toBe(true);
  });

  it('has public, app and data subnets in each of its zones and no way out of the data subnets', () => {
    expect(resourcesOf(app, 'AWS::EC2::Subnet')).toHaveLength(3 * environment.network.zones.length);
    const waysOut = resourcesOf(app, 'AWS::EC2::Route').filter(({ id }) => /data/i.test(id));
    expect(waysOut).toEqual([]);
  });

  it('protects every stack with data from deletion', () => {
    const withData = stacksOf(app).filter((stack) =>
      dataTypes.some((type) => Object.keys(Template.fromStack(stack).findResources(type)).length > 0),
    );
    expect(withData.map(({ stackName }) => stackName)).toContain(`kolate-${environment.name}-storage`);
    for (const stack of withData)
      expect([stack.stackName, stack.terminationProtection]).toEqual([stack.stackName, true]);
  });
});
