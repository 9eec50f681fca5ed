import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { KolateBucket } from '../constructs/kolate-bucket';
import { KolateStack, type KolateStackProps } from './kolate-stack';

/** Buckets for model files and for the exports of tenants, with the key that encrypts them. */
export class StorageStack extends KolateStack {
  readonly models: s3.IBucket;
  readonly exports: s3.IBucket;

  constructor(scope: Construct, props: KolateStackProps) {
    super(scope, 'storage', { ...props, stateful: true });
    const { accessLogDays, exportDays, oldModelVersionDays } = props.environment.storage;
    const key = new Key(this, 'Key', { enableKeyRotation: true, removalPolicy: RemovalPolicy.RETAIN });
    // S3 delivers access logs with its own key only.
    const accessLogs = new s3.Bucket(this, 'AccessLogs', {
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [{ expiration: Duration.days(accessLogDays) }],
    });
    this.models = new KolateBucket(this, 'Models', { key, accessLogs, oldVersionDays: oldModelVersionDays }).bucket;
    this.exports = new KolateBucket(this, 'Exports', {
      key,
      accessLogs,
      oldVersionDays: exportDays,
      expireAfterDays: exportDays,
    }).bucket;
  }
}
