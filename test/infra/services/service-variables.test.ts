import { Stack } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-ecs';
import { Secret as StoredSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { type ServiceVariables, splitVariables } from '../../../lib/constructs/services/service-variables';

const complete: ServiceVariables<'core'> = {
  KOLATE_ISSUER_URL: 'https://issuer.example.com',
  KOLATE_KAFKA_CLUSTER_ARN: 'arn:aws:kafka:us-east-1:111111111111:cluster/kolate/1',
  KOLATE_POSTGRES_URL: 'postgresql://core@postgres:5433/kolate',
  KOLATE_POSTGRES_AUTH: 'iam',
  KOLATE_POSTGRES_CA: '/app/authorities.pem',
};

// What tsc says about these is the test: `npm run check:types` fails when one of them compiles.
const { KOLATE_POSTGRES_URL: _left, ...incomplete } = complete;
// @ts-expect-error a variable of the contract is missing
const missing: ServiceVariables<'core'> = incomplete;
const { KOLATE_KAFKA_CLUSTER_ARN: _optional, ...withoutOptional } = complete;
// @ts-expect-error a variable is missing that one machine can do without
const missingOnAws: ServiceVariables<'core'> = withoutOptional;
// @ts-expect-error the contract has no such variable
const unknown: ServiceVariables<'core'> = { ...complete, KOLATE_POSTGRES_ULR: 'postgresql://core@postgres/kolate' };
// @ts-expect-error the contract knows no such way to sign in
const unfit: ServiceVariables<'core'> = { ...complete, KOLATE_POSTGRES_AUTH: 'kerberos' };
// @ts-expect-error the construct sets it, by what the task has
const own: ServiceVariables<'core'> = { ...complete, KOLATE_PORT: '80' };

describe('the variables of a service', () => {
  it('compile only when they are those of its contract', () => {
    expect([missing, missingOnAws, unknown, unfit, own].map((each) => Object.keys(each).length)).toEqual([
      4, 4, 6, 5, 6,
    ]);
  });

  it('are texts in the task definition, and secrets where only the task sees them', () => {
    const secret = Secret.fromSecretsManager(new StoredSecret(new Stack(), 'Key'));
    expect(splitVariables({ KOLATE_A: 'a', KOLATE_B: secret, KOLATE_C: undefined })).toEqual({
      environment: { KOLATE_A: 'a' },
      secrets: { KOLATE_B: secret },
    });
  });
});
