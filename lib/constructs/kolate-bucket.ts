import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

export type KolateBucketProps = {
  readonly key: IKey;
  readonly accessLogs: s3.IBucket;
  /**
   * Objects are deleted after so many days.
   * @default - they stay
   */
  readonly expireAfterDays?: number;
  /** Superseded versions are deleted after so many days. */
  readonly oldVersionDays: number;
};

/** A private, versioned bucket: encrypted with our key, TLS only, access logged, kept when its stack goes. */
export class KolateBucket extends Construct {
  readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, props: KolateBucketProps) {
    super(scope, id);
    this.bucket = new s3.Bucket(this, 'Bucket', {
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: props.key,
      bucketKeyEnabled: true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
      serverAccessLogsBucket: props.accessLogs,
      serverAccessLogsPrefix: `${id.toLowerCase()}/`,
      lifecycleRules: [
        {
          abortIncompleteMultipartUploadAfter: Duration.days(1),
          noncurrentVersionExpiration: Duration.days(props.oldVersionDays),
          ...(props.expireAfterDays === undefined ? {} : { expiration: Duration.days(props.expireAfterDays) }),
        },
      ],
    });
  }
}
