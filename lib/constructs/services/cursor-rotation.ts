import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Environment } from '../../config/environment';
import { KolateLambda } from '../kolate-lambda';
import { letSecretsManagerCall, scheduleRotation } from '../rotation-schedule';

export type CursorRotationProps = {
  /** A `KolateKey`. */
  readonly key: IKey;
  readonly logDays: Environment['logDays'];
  readonly alarmTopic: ITopic;
};

/** Rotates the keys of cursors; tasks believe those of their neighbours in time: src/platform/rotation/rotate-cursor-keys.ts. */
export class CursorRotation extends Construct {
  private readonly lambda: KolateLambda<'rotate-cursor-keys'>;
  private rotated = 0;

  constructor(scope: Construct, id: string, { key, logDays, alarmTopic }: CursorRotationProps) {
    super(scope, id);
    this.lambda = new KolateLambda(this, 'Function', {
      handler: 'rotate-cursor-keys',
      description: 'Rotates the keys of the cursors of lists',
      environment: {},
      ...{ key, logDays, alarmTopic },
      async: true,
      concurrency: { unlimitedBecause: 'It runs once a service and quarter; a limit would be taken from all others.' },
    });
    letSecretsManagerCall(this.lambda);
  }

  rotate(secret: ISecret): void {
    scheduleRotation(this.lambda, `Schedule-${this.rotated++}`, secret);
  }
}
