import { ArnFormat, Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { explainWildcard } from '../explain-wildcard';

/** `read` their values, or `keep` them: make, change, delete. */
export type SecretUse = 'read' | 'keep';

const actionsOf: Readonly<Record<SecretUse, readonly string[]>> = {
  read: ['GetSecretValue'],
  keep: ['GetSecretValue', 'DescribeSecret', 'CreateSecret', 'PutSecretValue', 'DeleteSecret', 'RestoreSecret'],
};

/** What is kept of tenants: secrets are named `tenant/<id>/…` when a tenant comes, so that there are none to name yet. */
export function grantTenantSecrets(grantee: Construct & IGrantable, use: SecretUse): void {
  const ofTenants = Stack.of(grantee).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: 'tenant/*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: actionsOf[use].map((name) => `secretsmanager:${name}`), resources: [ofTenants] }),
  );
  explainWildcard(
    grantee,
    ofTenants,
    'Every tenant is served, and each comes with secrets of its own while tasks run.',
  );
}
