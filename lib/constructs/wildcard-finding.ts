import { CfnElement, Stack } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';

/** How cdk-nag names the finding that a role of the same stack may act on all objects below `folder` of a bucket. */
export function objectsFinding(bucket: IBucket, folder = '*'): string {
  const element = bucket.node.defaultChild;
  const id: unknown = CfnElement.isCfnElement(element) ? Stack.of(element).resolve(element.logicalId) : undefined;
  return `AwsSolutions-IAM5[Resource::<${id}.Arn>/${folder}]`;
}
