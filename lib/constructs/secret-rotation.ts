import { Duration } from 'aws-cdk-lib';
import type { IConnectable, IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Environment } from '../config/environment';
import { KolateLambda } from './kolate-lambda';
import { letSecretsManagerCall, scheduleRotation } from './rotation-schedule';

export type SecretRotationProps = {
  readonly vpc: IVpc;
  /** Of the secrets' stack. */
  readonly key: IKey;
  readonly logDays: Environment['logDays'];
  readonly alarmTopic: ITopic;
};

/** A store whose users are rotated: the rules that let the function in are its own matter. */
export type RotatedStore = { allowFrom(peer: IConnectable): void };

/**
 * Rotates the secrets of stores every 90 days. Stands in the stack of the secrets: the schedule needs the function, and
 * the function's rights name the secrets. Secrets are JSON as RDS writes it (src/platform/rotation/store-secret.ts).
 */
export class SecretRotation extends Construct {
  private readonly lambda: KolateLambda<'rotate-secret'>;
  private rotated = 0;

  constructor(scope: Construct, id: string, { vpc, key, logDays, alarmTopic }: SecretRotationProps) {
    super(scope, id);
    this.lambda = new KolateLambda(this, 'Function', {
      handler: 'rotate-secret',
      description: 'Rotates the users of stores',
      // Lambda's Node has it: the authorities of RDS and DocumentDB, whom nobody else trusts.
      environment: { NODE_EXTRA_CA_CERTS: '/var/runtime/ca-cert.pem' },
      ...{ vpc, key, logDays, alarmTopic },
      async: true,
      concurrency: { unlimitedBecause: 'It runs once a secret and quarter; a limit would be taken from all others.' },
      timeout: Duration.seconds(60),
    });
    letSecretsManagerCall(this.lambda);
  }

  /**
   * @param admin who makes the users of `secret`, by `masterarn` in it: two users take turns then.
   * @default - the user sets its own password, and connections that are made anew in that moment fail
   */
  rotate(secret: ISecret, store: RotatedStore, admin?: ISecret): void {
    store.allowFrom(this.lambda);
    admin?.grantRead(this.lambda);
    scheduleRotation(this.lambda, `Schedule-${this.rotated++}`, secret);
  }
}
