import { RemovalPolicy } from 'aws-cdk-lib';
import { Secret as TaskSecret } from 'aws-cdk-lib/aws-ecs';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { CursorRotation } from './cursor-rotation';

export type CursorKeyProps = { readonly key: IKey; readonly service: string; readonly rotation: CursorRotation };

/** What a service signs the cursors of its lists with, known to nobody: the key of now, the one after and the one before. */
export class CursorKey extends Construct {
  readonly value: TaskSecret;

  constructor(scope: Construct, id: string, { key, service, rotation }: CursorKeyProps) {
    super(scope, id);
    const secret = new Secret(this, 'Secret', {
      description: `Signs the cursors of lists of ${service}`,
      encryptionKey: key,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });
    secret.applyRemovalPolicy(RemovalPolicy.RETAIN);
    rotation.rotate(secret);
    this.value = TaskSecret.fromSecretsManager(secret);
  }
}
