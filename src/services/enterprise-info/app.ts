import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { AccountQuota } from '../../contracts/account-quotas';
import { createServiceApp, type ServiceAppOptions } from '../../platform/http/create-service-app';
import type { CursorKeys } from '../../platform/http/cursor-keys';
import { createLister } from '../../platform/http/list-query';
import type { VerifyToken } from '../../platform/http/register-route';
import type { IdentityDirectory } from '../../platform/identity/identity-directory';
import type { Postgres } from '../../platform/postgres/create-postgres';
import type { SecretStore } from '../../platform/secrets/secret-store';
import type { PlanTier } from '../../platform/tenancy/tenant-stack-driver';
import { registerOperationRoutes } from './operations/operation-routes';
import { createClientSecrets } from './tenants/client-secret';
import { createOperationRequests } from './tenants/request-operation';
import { registerTenantRoutes } from './tenants/tenant-routes';

export type EnterpriseInfoOptions = ServiceAppOptions & {
  readonly verifyToken: VerifyToken;
  readonly core: Postgres<'core'>;
  readonly secrets: SecretStore;
  readonly directory: IdentityDirectory;
  /** Signs the cursors of lists. */
  readonly cursorKeys: CursorKeys;
  readonly planTier: PlanTier;
  /** Of the account that stacks are made in; none on one machine. */
  readonly quotas: readonly AccountQuota[];
  /** Tiers that this installation can provide. */
  readonly availableTiers: readonly string[];
  readonly newId?: () => string;
};

/** Tenants, tiers and operations over HTTP. What the operations do is done by the steps in `provisioning/`. */
export function createEnterpriseInfoApp(options: EnterpriseInfoOptions): FastifyInstance {
  const { verifyToken, core, secrets, directory, availableTiers, planTier, newId = randomUUID } = options;
  const app = createServiceApp(options);
  const lister = createLister(options.cursorKeys);
  registerTenantRoutes(app, {
    ...{ verifyToken, core, lister, availableTiers },
    requests: createOperationRequests({ newId, availableTiers, planTier, quotas: options.quotas }),
    clientSecrets: createClientSecrets({ core, secrets, directory }),
  });
  registerOperationRoutes(app, { verifyToken, core, lister });
  return app;
}
