import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Environment } from '../../config/environment';
import { explainWildcard } from '../explain-wildcard';
import { storesOnly, tenantSecretArn } from '../secret-folder';

/** `read` the passwords of stores, or `keep` all: make, change, delete. */
export type SecretUse = 'read' | 'keep';

const actionsOf: Readonly<Record<SecretUse, readonly string[]>> = {
  read: ['GetSecretValue'],
  keep: ['GetSecretValue', 'DescribeSecret', 'CreateSecret', 'PutSecretValue', 'DeleteSecret', 'RestoreSecret'],
};

/** What is kept of the tenants of an environment. */
export function grantTenantSecrets(
  grantee: Construct & IGrantable,
  environment: Pick<Environment, 'name'>,
  use: SecretUse,
): void {
  const ofTenants = tenantSecretArn(grantee, environment, use === 'read' ? storesOnly : '*');
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: actionsOf[use].map((name) => `secretsmanager:${name}`), resources: [ofTenants] }),
  );
  explainWildcard(
    grantee,
    ofTenants,
    'Every tenant is served, and each comes with secrets of its own while tasks run.',
  );
}
