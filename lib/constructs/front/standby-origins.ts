import { Fn } from 'aws-cdk-lib';
import { type IVpcOrigin, VpcOrigin } from 'aws-cdk-lib/aws-cloudfront';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Environment } from '../../config/environment';
import { copiedBucketName, stackName, vpcOriginOutput } from '../../config/names-between-regions';
import { internalName } from '../../config/platform-names';

/** What CloudFront asks where the primary region does not answer. */
export type StandbyOrigins = {
  readonly console: IBucket;
  readonly vpcOrigin: IVpcOrigin;
  /** The name in the certificate of the load balancer behind `vpcOrigin`. */
  readonly vpcOriginHost: string;
};

/** Those of an environment's standby, which is another app: by names that both agree on. It is deployed first. */
export function standbyOrigins(
  scope: Construct,
  { peer, domain }: Pick<Environment, 'peer' | 'domain'>,
): StandbyOrigins | undefined {
  if (peer?.role !== 'standby') return undefined;
  const { name, region } = peer;
  const vpcOriginId = Fn.getStackOutput(stackName(name, 'ingress'), vpcOriginOutput, region);
  return {
    console: Bucket.fromBucketAttributes(scope, 'StandbyConsole', {
      bucketName: copiedBucketName(name, 'console', region),
      region,
    }),
    vpcOrigin: VpcOrigin.fromVpcOriginId(scope, 'StandbyVpcOrigin', vpcOriginId),
    vpcOriginHost: internalName(region, domain.name),
  };
}
