import { randomUUID } from 'node:crypto';
import type { TenantState } from '../../src/contracts/http/tenants';
import type { Postgres } from '../../src/platform/postgres/create-postgres';
import type { SecretStore } from '../../src/platform/secrets/secret-store';
import type { Placement } from '../../src/platform/tenancy/placement';
import type { StackCredentials } from '../../src/platform/tenancy/stack-credentials';
import type { TenantStackDriver } from '../../src/platform/tenancy/tenant-stack-driver';
import { newCredentials } from './stack-agent';

export type Placed = { readonly placement: Placement; readonly credentials: StackCredentials };

/** Stores of a new tenant, without the sagas: a stack and its credentials. */
export async function placeTenant(driver: TenantStackDriver, secrets: SecretStore, tier: string): Promise<Placed> {
  const tenantId = randomUUID();
  const name = `tenant-${tenantId}-${tier}`;
  const credentials = newCredentials();
  const { endpoints } = await driver.apply({ name, tenantId, tier, credentials, requestToken: 'test' });
  const secretName = `tenant/${tenantId}/${tier}/stores`;
  await secrets.put(secretName, JSON.stringify(credentials));
  const placement = {
    tenantId,
    slug: `t-${tenantId}`,
    tier,
    state: 'active',
    stack: name,
    secretName,
    endpoints,
  } as const;
  return { placement, credentials };
}

/** Writes the tenant and its place down, as provisioning does. */
export async function recordTenant(
  core: Postgres<'core'>,
  { tenantId, slug, tier, stack, secretName, endpoints }: Placement,
  state: TenantState = 'active',
): Promise<void> {
  await core.sql.run`
    insert into tenancy.tenant (id, slug, name, tier, contact, state)
    values (${tenantId}, ${slug}, 'T', ${tier}, 'a@b.example', ${state})`;
  await core.sql.run`
    insert into tenancy.placement (tenant_id, role, tier, stack, isolation, secret_name, endpoints)
    values (${tenantId}, 'current', ${tier}, ${stack}, '{}', ${secretName}, ${JSON.stringify(endpoints)})`;
}
