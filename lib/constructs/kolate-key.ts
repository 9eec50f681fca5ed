import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/** A key of ours: rotated each year, kept when its stack goes, and usable by the log groups of its stack. */
export class KolateKey extends Key {
  constructor(scope: Construct, id: string, description: string) {
    super(scope, id, { description, enableKeyRotation: true, removalPolicy: RemovalPolicy.RETAIN });
    // A log group's `encryptionKey` does not grant this, and CloudWatch Logs refuses the group without it.
    this.grantEncryptDecrypt(
      new ServicePrincipal(`logs.${Stack.of(this).region}.amazonaws.com`, {
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': Stack.of(this).formatArn({ service: 'logs', resource: '*' }),
          },
        },
      }),
    );
  }
}
