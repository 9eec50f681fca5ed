import { Aws, Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { copiedBucketName, storageKeyAlias } from '../config/names-between-regions';
import { explainPolicy } from './explain-policy';
import { KolateAlarm } from './kolate-alarm';

export type BucketReplicationProps = {
  readonly bucket: s3.Bucket;
  readonly key: IKey;
  /** What the bucket holds, as in the name of the bucket that it is copied to. */
  readonly content: string;
  /** The environment that has that bucket. It is deployed first: S3 refuses a rule to a bucket that is not there. */
  readonly standby: { readonly name: string; readonly region: string };
  readonly alarmTopic: ITopic;
};

/**
 * Copies every object of a bucket into the same bucket of the standby, under the same key and encrypted with its key, so
 * that it takes over with what it has. Versions that are deleted for good stay there until they are deleted there.
 */
export class BucketReplication extends Construct {
  constructor(scope: Construct, id: string, props: BucketReplicationProps) {
    super(scope, id);
    const { bucket, content, standby, alarmTopic } = props;
    const name = copiedBucketName(standby.name, content, standby.region);
    const destination = `arn:${Aws.PARTITION}:s3:::${name}`;
    const keys = `arn:${Aws.PARTITION}:kms:${standby.region}:${Aws.ACCOUNT_ID}`;
    const alias = storageKeyAlias(standby.name);
    const role = this.role(props, destination, `${keys}:key/*`, alias);
    const child = bucket.node.defaultChild as s3.CfnBucket;
    child.replicationConfiguration = {
      role: role.roleArn,
      rules: [
        {
          id: content,
          priority: 1,
          status: 'Enabled',
          filter: { prefix: '' },
          deleteMarkerReplication: { status: 'Enabled' },
          sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: 'Enabled' } },
          destination: {
            bucket: destination,
            encryptionConfiguration: { replicaKmsKeyId: `${keys}:${alias}` },
            metrics: { status: 'Enabled' },
          },
        },
      ],
    };
    this.addAlarm(bucket, name, content, alarmTopic);
  }

  private role({ bucket, key }: BucketReplicationProps, destination: string, keys: string, alias: string): Role {
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('s3.amazonaws.com') });
    const allow = (actions: string[], resource: string, conditions = {}) =>
      role.addToPolicy(new PolicyStatement({ actions, resources: [resource], conditions }));
    allow(['s3:GetReplicationConfiguration', 's3:ListBucket'], bucket.bucketArn);
    allow(
      ['s3:GetObjectVersionForReplication', 's3:GetObjectVersionAcl', 's3:GetObjectVersionTagging'],
      bucket.arnForObjects('*'),
    );
    allow(['kms:Decrypt'], key.keyArn);
    allow(['s3:ReplicateObject', 's3:ReplicateDelete', 's3:ReplicateTags'], `${destination}/*`);
    // A right on an alias does not count; one on the keys that have the alias does.
    allow(['kms:Encrypt'], keys, { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': alias } });
    explainPolicy(role, [
      [/:key\/\*$/, 'The condition leaves the one key that has the alias.'],
      [/\/\*$/, 'S3 copies whatever objects there are.'],
    ]);
    return role;
  }

  private addAlarm(bucket: s3.Bucket, destination: string, rule: string, topic: ITopic): void {
    new KolateAlarm(this, 'Failed', {
      topic,
      metric: new Metric({
        namespace: 'AWS/S3',
        metricName: 'OperationsFailedReplication',
        dimensionsMap: { SourceBucket: bucket.bucketName, DestinationBucket: destination, RuleId: rule },
        statistic: 'Sum',
        period: Duration.minutes(5),
      }),
      threshold: 1,
      description: `Objects of ${rule} do not reach the standby region.`,
      runbook: 'replication-fails',
    });
  }
}
