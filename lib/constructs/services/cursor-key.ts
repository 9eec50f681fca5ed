import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Secret as TaskSecret } from 'aws-cdk-lib/aws-ecs';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

/** What a service signs the cursors of its lists with: made once, known to nobody. */
export class CursorKey extends Construct {
  readonly value: TaskSecret;

  constructor(scope: Construct, id: string, { key, service }: { readonly key: IKey; readonly service: string }) {
    super(scope, id);
    const secret = new Secret(this, 'Secret', {
      description: `Signs the cursors of lists of ${service}`,
      encryptionKey: key,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });
    secret.applyRemovalPolicy(RemovalPolicy.RETAIN);
    this.value = TaskSecret.fromSecretsManager(secret);
    const reason =
      'A cursor signed with it lets nobody in; a new key makes open lists begin again, so it changes by hand.';
    for (const id of ['AwsSolutions-SMG4', 'NIST.800.53.R5-SecretsManagerRotationEnabled']) {
      Validations.of(secret).acknowledge({ id, reason });
    }
  }
}
