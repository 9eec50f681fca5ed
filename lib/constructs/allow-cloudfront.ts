import { Aws } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';

/**
 * Lets the account's distributions read a bucket by origin access control. Of the account and not of one distribution: that
 * one is made in a later stack, which needs the bucket. The origin there takes no policy with it:
 * `S3BucketOrigin.withBucketDefaults(bucket, { originAccessControlId })`.
 */
export function allowCloudFront(bucket: IBucket, key: IKey): void {
  const ofOurDistributions = {
    ArnLike: { 'aws:SourceArn': `arn:${Aws.PARTITION}:cloudfront::${Aws.ACCOUNT_ID}:distribution/*` },
  };
  const principals = [new ServicePrincipal('cloudfront.amazonaws.com')];
  const allow = (action: string, resource: string) =>
    new PolicyStatement({ principals, actions: [action], resources: [resource], conditions: ofOurDistributions });
  bucket.addToResourcePolicy(allow('s3:GetObject', bucket.arnForObjects('*')));
  key.addToResourcePolicy(allow('kms:Decrypt', '*'));
}
