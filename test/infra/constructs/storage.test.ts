import { Match, Template } from 'aws-cdk-lib/assertions';
import { dev } from '../../../lib/config/dev';
import type { Environment } from '../../../lib/config/environment';
import { prod } from '../../../lib/config/prod';
import { prodStandby } from '../../../lib/config/prod-standby';
import { createApp } from '../../../lib/platform-app';
import { SecurityStack } from '../../../lib/stacks/security-stack';
import { StorageStack } from '../../../lib/stacks/storage-stack';

type Rule = { ExpirationInDays?: number; NoncurrentVersionExpiration?: { NoncurrentDays: number } };

const storageOf = (environment: Environment): Template => {
  const app = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
  const { alarmTopic } = new SecurityStack(app, { environment });
  return Template.fromStack(new StorageStack(app, { environment, alarmTopic }));
};
const [single, primary, standby] = [storageOf(dev), storageOf(prod), storageOf(prodStandby)];
const bucketOf = (template: Template, id: string): Record<string, unknown> => {
  const found = Object.entries(template.findResources('AWS::S3::Bucket')).find(([name]) => name.startsWith(id));
  return found?.[1].Properties ?? {};
};
const rulesOf = (template: Template, id: string): Rule[] =>
  (bucketOf(template, id).LifecycleConfiguration as { Rules: Rule[] }).Rules;
const replicated = (template: Template): string[] =>
  Object.entries(template.findResources('AWS::S3::Bucket'))
    .filter(([, { Properties }]) => Properties.ReplicationConfiguration)
    .map(([id]) => id.replace(/Bucket.*/, ''));

describe('the buckets', () => {
  it('keep every version, and log who came', () => {
    primary.allResourcesProperties('AWS::S3::Bucket', { VersioningConfiguration: { Status: 'Enabled' } });
    for (const id of ['Models', 'Exports', 'Batches', 'Console']) {
      expect(bucketOf(primary, id).LoggingConfiguration).toMatchObject({ LogFilePrefix: `${id.toLowerCase()}/` });
    }
  });

  it('delete exports, batches and access logs when their time is over, and models never', () => {
    expect(rulesOf(single, 'Exports')[0]).toMatchObject({ ExpirationInDays: 7 });
    expect(rulesOf(single, 'Batches')[0]).toMatchObject({ ExpirationInDays: 7 });
    expect(rulesOf(single, 'AccessLogs')[0]).toMatchObject({ ExpirationInDays: 30 });
    for (const rule of rulesOf(single, 'Models')) expect(rule.ExpirationInDays).toBeUndefined();
    expect(rulesOf(single, 'Models')[0]?.NoncurrentVersionExpiration).toMatchObject({ NoncurrentDays: 30 });
  });

  it('are copied by the primary alone, with the console, which CloudFront reads in either region', () => {
    expect(replicated(single)).toEqual([]);
    expect(replicated(standby)).toEqual([]);
    expect(replicated(primary)).toEqual(['Models', 'Exports', 'Batches', 'Console']);
  });

  it('are copied into buckets that the standby has, with the key that it has', () => {
    const account = { Ref: 'AWS::AccountId' };
    const [rule] = (bucketOf(primary, 'Models').ReplicationConfiguration as { Rules: unknown[] }).Rules;
    expect(rule).toMatchObject({
      Status: 'Enabled',
      DeleteMarkerReplication: { Status: 'Enabled' },
      SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } },
      Destination: {
        Bucket: {
          'Fn::Join': [
            '',
            ['arn:', { Ref: 'AWS::Partition' }, ':s3:::kolate-prod-standby-models-', account, '-us-west-2-an'],
          ],
        },
      },
    });
    const prefix = String(bucketOf(standby, 'Models').BucketNamePrefix);
    expect(prefix).toBe('kolate-prod-standby-models');
    expect(bucketOf(standby, 'Models').BucketNamespace).toBe('account-regional');
    const aliases = Object.values(standby.findResources('AWS::KMS::Alias')).map(
      ({ Properties }) => Properties.AliasName,
    );
    expect(aliases).toEqual(['alias/kolate-prod-standby-storage']);
    expect(JSON.stringify(rule)).toContain(`:${aliases[0]}`);
  });

  it('ring when an object does not arrive', () => {
    primary.resourcePropertiesCountIs('AWS::CloudWatch::Alarm', { MetricName: 'OperationsFailedReplication' }, 4);
  });

  it('have generated names where no other app has to know them', () => {
    for (const template of [single, primary]) {
      template.allResourcesProperties('AWS::S3::Bucket', {
        BucketName: Match.absent(),
        BucketNamePrefix: Match.absent(),
      });
    }
  });

  it('let CloudFront read the console and nothing else', () => {
    for (const template of [primary, standby]) {
      const readers = Object.entries(template.findResources('AWS::S3::BucketPolicy')).filter(([, { Properties }]) =>
        JSON.stringify(Properties.PolicyDocument).includes('cloudfront.amazonaws.com'),
      );
      expect(readers.map(([id]) => id)).toEqual([expect.stringMatching(/^ConsoleBucket/)]);
      expect(JSON.stringify(readers[0]?.[1].Properties.PolicyDocument)).toContain(':distribution/*');
    }
  });
});
