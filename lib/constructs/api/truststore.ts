import { CfnOutput, Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

/**
 * The bucket of the certificate authority whose certificates may knock at the API. Public knowledge, so S3's own key
 * does, which needs no grant for API Gateway; that nobody else may write it is what counts.
 */
export class Truststore extends Construct {
  readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, { accessLogs }: { readonly accessLogs: s3.IBucket }) {
    super(scope, id);
    this.bucket = new s3.Bucket(this, 'Bucket', {
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
      serverAccessLogsBucket: accessLogs,
      serverAccessLogsPrefix: `${id.toLowerCase()}/`,
      lifecycleRules: [
        { abortIncompleteMultipartUploadAfter: Duration.days(1), noncurrentVersionExpiration: Duration.days(365) },
      ],
    });
    new CfnOutput(this, 'Name', { value: this.bucket.bucketName, description: 'For scripts/edge-mtls.ts --bucket' });
    const because = (rule: string, reason: string) => Validations.of(this.bucket).acknowledge({ id: rule, reason });
    const isPublic = 'It holds one public certificate, which needs no key of ours.';
    because('NIST.800.53.R5-S3DefaultEncryptionKMS', isPublic);
    because('cdk-validator-cfnguard::s3_bucket_default_encryption_kms_check', isPublic);
    because(
      'cdk-validator-cfnguard::s3_bucket_object_lock_enabled_check',
      'A new authority replaces the old one, whose version stays for a year.',
    );
    because(
      'cdk-validator-cfnguard::s3_event_notifications_enabled_check',
      'API Gateway reads it when it is deployed.',
    );
    because('NIST.800.53.R5-S3BucketReplicationEnabled', 'scripts/edge-mtls.ts writes it in each region.');
  }
}
