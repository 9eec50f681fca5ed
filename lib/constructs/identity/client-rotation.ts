import { Duration } from 'aws-cdk-lib';
import type { IUserPool } from 'aws-cdk-lib/aws-cognito';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Environment } from '../../config/environment';
import { KolateLambda } from '../kolate-lambda';
import { letSecretsManagerCall, scheduleRotation } from '../rotation-schedule';

export type ClientRotationProps = {
  readonly userPool: IUserPool;
  /** Where the pool gives out tokens. */
  readonly tokenUrl: string;
  /** Of an OAuth client: `clientId`, `clientSecret`. */
  readonly secret: ISecret;
  /** A `KolateKey`. */
  readonly key: IKey;
  readonly logDays: Environment['logDays'];
  readonly alarmTopic: ITopic;
};

/** Rotates the secret of an OAuth client; the one before is let in until the next time: src/platform/rotation/rotate-client-secret.ts. */
export class ClientRotation extends Construct {
  constructor(scope: Construct, id: string, props: ClientRotationProps) {
    super(scope, id);
    const { userPool, tokenUrl, secret, key, logDays, alarmTopic } = props;
    const lambda = new KolateLambda(this, 'Function', {
      handler: 'rotate-client-secret',
      description: 'Rotates the secret of the operators’ OAuth client',
      environment: { KOLATE_USER_POOL_ID: userPool.userPoolId, KOLATE_TOKEN_URL: tokenUrl },
      ...{ key, logDays, alarmTopic },
      async: true,
      concurrency: { unlimitedBecause: 'It runs once a quarter; a limit would be taken from all others.' },
      timeout: Duration.seconds(30),
    });
    letSecretsManagerCall(lambda);
    lambda.function.addToRolePolicy(
      new PolicyStatement({
        actions: [
          ...['Add', 'Delete'].map((verb) => `cognito-idp:${verb}UserPoolClientSecret`),
          'cognito-idp:ListUserPoolClientSecrets',
        ],
        resources: [userPool.userPoolArn],
      }),
    );
    scheduleRotation(lambda, 'Schedule', secret);
  }
}
