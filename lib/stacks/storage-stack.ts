import { Validations } from 'aws-cdk-lib';
import type { Bucket, IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { copiedBucketPrefix, storageKeyAlias } from '../config/names-between-regions';
import { AccessLogBucket } from '../constructs/access-log-bucket';
import { allowCloudFront } from '../constructs/allow-cloudfront';
import { Truststore } from '../constructs/api/truststore';
import { backUp } from '../constructs/back-up';
import { BucketReplication } from '../constructs/bucket-replication';
import { KolateBucket, type KolateBucketProps } from '../constructs/kolate-bucket';
import { KolateKey } from '../constructs/kolate-key';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export type StorageStackProps = KolateStackProps & { readonly alarmTopic: ITopic };

/** Buckets of files, with the key that encrypts them, and the bucket of everybody's access logs. */
export class StorageStack extends KolateStack {
  /** Model files, by tenant. */
  readonly models: IBucket;
  /** What tenants take away. */
  readonly exports: IBucket;
  /** Inputs and outputs of batch predictions. */
  readonly batches: IBucket;
  /** The console's files, for CloudFront to read. */
  readonly console: IBucket;
  /** Access logs of buckets, load balancers and CloudFront. */
  readonly accessLogs: IBucket;

  /** Whom API Gateway takes for CloudFront. */
  readonly truststore: IBucket;

  private readonly key: KolateKey;

  constructor(scope: Construct, props: StorageStackProps) {
    super(scope, 'storage', { ...props, stateful: true });
    const { accessLogDays, batchDays, exportDays, oldModelVersionDays } = props.environment.storage;
    const { peer, name } = props.environment;
    this.key = new KolateKey(this, 'Key', 'Files of tenants and of the console');
    if (peer?.role === 'primary') this.key.addAlias(storageKeyAlias(name));
    this.accessLogs = new AccessLogBucket(this, 'AccessLogs', { days: accessLogDays }).bucket;
    const { alarmTopic } = props;
    this.models = this.copied('Models', alarmTopic, { oldVersionDays: oldModelVersionDays });
    // The rest is deleted after days, or written anew by a deployment.
    backUp(this.models, props.environment, 'continuous');
    this.exports = this.copied('Exports', alarmTopic, { oldVersionDays: exportDays, expireAfterDays: exportDays });
    this.batches = this.copied('Batches', alarmTopic, { oldVersionDays: batchDays, expireAfterDays: batchDays });
    // Written by the primary's deployment alone: CloudFront reads the copy where that region is away.
    this.console = this.copied('Console', alarmTopic, { oldVersionDays: 30 });
    allowCloudFront(this.console, this.key);
    this.truststore = new Truststore(this, 'Truststore', { accessLogs: this.accessLogs }).bucket;
  }

  /** A bucket that the standby has too: copied where this is the primary, with the name to copy to where this is the standby. */
  private copied(
    id: string,
    alarmTopic: ITopic,
    days: Pick<KolateBucketProps, 'oldVersionDays' | 'expireAfterDays'>,
  ): IBucket {
    const { peer, storage, name } = this.environmentConfig;
    const content = id.toLowerCase();
    const isStandby = peer?.role === 'primary';
    const bucket = this.bucket(id, {
      ...days,
      ...(isStandby ? { namePrefix: copiedBucketPrefix(name, content) } : {}),
    });
    if (peer && storage.replicate) {
      const { key } = this;
      new BucketReplication(this, `${id}Replication`, { bucket, key, content, standby: peer, alarmTopic });
    } else {
      notReplicated(bucket, isStandby ? 'It is what the primary copies to.' : 'This environment has no second region.');
    }
    return bucket;
  }

  private bucket(
    id: string,
    days: Pick<KolateBucketProps, 'oldVersionDays' | 'expireAfterDays' | 'namePrefix'>,
  ): Bucket {
    return new KolateBucket(this, id, { key: this.key, accessLogs: this.accessLogs, ...days }).bucket;
  }
}

const notReplicated = (bucket: Bucket, reason: string): void =>
  Validations.of(bucket).acknowledge({ id: 'NIST.800.53.R5-S3BucketReplicationEnabled', reason });
