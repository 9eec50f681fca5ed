import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Environment } from '../config/environment';

/** What the names of an environment's secrets begin with: there may be several environments in an account. */
export const secretFolder = ({ name }: Pick<Environment, 'name'>): string => `kolate/${name}`;

/**
 * Secrets that are made when a tenant comes, so that there are none to name yet.
 * @param which below `tenant/<id>/`; Secrets Manager puts six letters of its own behind a name
 */
export const tenantSecretArn = (scope: Construct, environment: Pick<Environment, 'name'>, which = '*'): string =>
  Stack.of(scope).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${secretFolder(environment)}/tenant/${which}`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });

/** The passwords of a tenant's stores, and nothing else of the tenant. */
export const storesOnly = '*/stores-??????';
