import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { explainWildcard } from '../explain-wildcard';

/** `read` and `write` single files, `purge` all of them with their older versions. */
export type FileUse = 'read' | 'write' | 'purge';

const actionsOf: Readonly<
  Record<FileUse, { readonly files: string[]; readonly bucket: string[]; readonly key: string[] }>
> = {
  read: { files: ['s3:GetObject'], bucket: ['s3:ListBucket'], key: ['kms:Decrypt'] },
  write: {
    files: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
    bucket: ['s3:ListBucket'],
    key: ['kms:Decrypt', 'kms:GenerateDataKey'],
  },
  purge: {
    files: ['s3:GetObject', 's3:DeleteObject', 's3:DeleteObjectVersion'],
    bucket: ['s3:ListBucket', 's3:ListBucketVersions'],
    key: ['kms:Decrypt'],
  },
};

/** Files of `bucket` whose keys begin with one of `prefixes`, each with its closing slash, and nothing else of it. */
export function grantFiles(
  grantee: Construct & IGrantable,
  use: FileUse,
  bucket: IBucket,
  ...prefixes: readonly string[]
): void {
  const { files, bucket: ofBucket, key } = actionsOf[use];
  const add = (statement: PolicyStatement) => grantee.grantPrincipal.addToPrincipalPolicy(statement);
  const keys = prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`));
  add(new PolicyStatement({ actions: files, resources: keys }));
  for (const arn of keys) explainWildcard(grantee, arn, 'Keys go on with the tenant and what was made for it.');
  add(new PolicyStatement({ actions: ofBucket, resources: [bucket.bucketArn] }));
  if (bucket.encryptionKey) add(new PolicyStatement({ actions: key, resources: [bucket.encryptionKey.keyArn] }));
}
