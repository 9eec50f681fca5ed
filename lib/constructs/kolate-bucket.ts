import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
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
  /**
   * Name to be, less the account, the region and `-an`, which S3 adds. For buckets that another app names.
   * @default - a generated name
   */
  readonly namePrefix?: string;
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
      ...named(props.namePrefix),
      lifecycleRules: [
        {
          abortIncompleteMultipartUploadAfter: Duration.days(1),
          noncurrentVersionExpiration: Duration.days(props.oldVersionDays),
          ...(props.expireAfterDays === undefined ? {} : { expiration: Duration.days(props.expireAfterDays) }),
        },
        // Of what is deleted and has no version left; S3 takes it in no rule that also expires objects.
        { expiredObjectDeleteMarker: true },
      ],
    });
    const because = (id: string, reason: string) => Validations.of(this.bucket).acknowledge({ id, reason });
    because(
      'cdk-validator-cfnguard::s3_bucket_object_lock_enabled_check',
      'What a tenant asks to be deleted is deleted, which a lock would forbid; backups have theirs.',
    );
    because(
      'cdk-validator-cfnguard::s3_event_notifications_enabled_check',
      'Whoever writes an object tells of it over Kafka; nobody waits for events of S3.',
    );
  }
}

const named = (bucketNamePrefix?: string): s3.BucketProps =>
  bucketNamePrefix === undefined ? {} : { bucketNamePrefix, bucketNamespace: s3.BucketNamespace.ACCOUNT_REGIONAL };
