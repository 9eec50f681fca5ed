import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { AccessLogBucket } from '../constructs/access-log-bucket';
import { KolateBucket } from '../constructs/kolate-bucket';
import { KolateKey } from '../constructs/kolate-key';
import { KolateStack, type KolateStackProps } from './kolate-stack';

/** Buckets of files, with the key that encrypts them, and the bucket of everybody's access logs. */
export class StorageStack extends KolateStack {
  /** Model files, by tenant. */
  readonly models: IBucket;
  /** What tenants take away. */
  readonly exports: IBucket;
  /** Inputs and outputs of batch predictions. */
  readonly batches: IBucket;
  /** The console's files, which CloudFront alone reads. */
  readonly console: IBucket;
  /** Access logs of buckets, load balancers and CloudFront. */
  readonly accessLogs: IBucket;

  constructor(scope: Construct, props: KolateStackProps) {
    super(scope, 'storage', { ...props, stateful: true });
    const { accessLogDays, batchDays, exportDays, oldModelVersionDays } = props.environment.storage;
    const key = new KolateKey(this, 'Key', 'Files of tenants and of the console');
    const accessLogs = new AccessLogBucket(this, 'AccessLogs', { days: accessLogDays }).bucket;
    const bucket = (id: string, oldVersionDays: number, expireAfterDays?: number): IBucket =>
      new KolateBucket(this, id, { key, accessLogs, oldVersionDays, expireAfterDays }).bucket;
    this.models = bucket('Models', oldModelVersionDays);
    this.exports = bucket('Exports', exportDays, exportDays);
    this.batches = bucket('Batches', batchDays, batchDays);
    this.console = bucket('Console', 30);
    this.accessLogs = accessLogs;
  }
}
