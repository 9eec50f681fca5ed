import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledge';

/** To read what hosts of shared cells tell of their tenants. */
export function grantMeasure(grantee: Construct & IGrantable): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['cloudwatch:GetMetricData'], resources: ['*'] }),
  );
  acknowledge(
    grantee,
    'AwsSolutions-IAM5[Resource::*]',
    'Metrics cannot be granted by name, nor by namespace to read.',
  );
}
