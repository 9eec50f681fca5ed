import { Aws } from 'aws-cdk-lib';

/**
 * Names that two environments have to agree on: the primary copies files and backups into its standby, which is another app
 * in another region, so that neither can refer to the other's constructs. All else has generated names.
 */

/** Prefix in the namespace that S3 keeps for an account and region: nobody else can take the name. */
export const copiedBucketPrefix = (environmentName: string, content: string): string =>
  `kolate-${environmentName}-${content}`;

/** The name that S3 makes of the prefix. */
export const copiedBucketName = (environmentName: string, content: string, region: string): string =>
  `${copiedBucketPrefix(environmentName, content)}-${Aws.ACCOUNT_ID}-${region}-an`;

export const storageKeyAlias = (environmentName: string): string => `alias/kolate-${environmentName}-storage`;

export const backupVaultName = (environmentName: string): string => `kolate-${environmentName}`;

export const stackName = (environmentName: string, part: string): string => `kolate-${environmentName}-${part}`;

/** Output of the ingress stack: CloudFront's way into its VPC, which the primary's distribution has beside its own. */
export const vpcOriginOutput = 'VpcOriginId';
