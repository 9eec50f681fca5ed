import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

export type AccessLogBucketProps = {
  /** Logs are deleted after so many days. */
  readonly days: number;
};

/** Where S3, load balancers and CloudFront write who called them; kept when its stack goes. */
export class AccessLogBucket extends Construct {
  readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, { days }: AccessLogBucketProps) {
    super(scope, id);
    this.bucket = new s3.Bucket(this, 'Bucket', {
      // Load balancers and S3 deliver logs with S3's own key only, and CloudFront's standard logs come with an ACL.
      encryption: s3.BucketEncryption.S3_MANAGED,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        {
          abortIncompleteMultipartUploadAfter: Duration.days(1),
          expiration: Duration.days(days),
          noncurrentVersionExpiration: Duration.days(1),
        },
      ],
    });
    const because = (id: string, reason: string) => Validations.of(this.bucket).acknowledge({ id, reason });
    const ownKey = 'Load balancers and S3 deliver their logs with the key of S3 alone.';
    because('NIST.800.53.R5-S3DefaultEncryptionKMS', ownKey);
    because('cdk-validator-cfnguard::s3_bucket_default_encryption_kms_check', ownKey);
    because('NIST.800.53.R5-S3BucketReplicationEnabled', 'Each region keeps its own logs.');
    because('cdk-validator-cfnguard::s3_bucket_logging_enabled_check', 'Logs of writing these logs would have no end.');
    because('cdk-validator-cfnguard::s3_bucket_object_lock_enabled_check', 'Logs are deleted by the lifecycle rule.');
    because('cdk-validator-cfnguard::s3_event_notifications_enabled_check', 'Nobody acts on a single log file.');
  }
}
