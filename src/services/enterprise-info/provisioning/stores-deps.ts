import { KolateError } from '../../../contracts/errors';
import type { Postgres } from '../../../platform/postgres/create-postgres';
import type { readMigrations } from '../../../platform/postgres/migrate';
import type { SecretStore } from '../../../platform/secrets/secret-store';
import type { BlobStore } from '../../../platform/storage/create-blob-store';
import type { Placement } from '../../../platform/tenancy/placement';
import type { TenantStackDriver } from '../../../platform/tenancy/tenant-stack-driver';
import { serviceName } from '../outbox';
import { openTenantData, type TenantData } from './data/tenant-data';
import { createPlacementStore, type PlacementRole, toPlacement } from './placement-store';
import type { StepContext } from './step';

export type StoresDeps = {
  readonly core: Postgres<'core'>;
  readonly secrets: SecretStore;
  readonly driver: TenantStackDriver;
  /** Bucket of exports and certificates. */
  readonly exports: BlobStore;
  /** Bucket of model files. */
  readonly models: BlobStore;
  /** Of tenants' databases. */
  readonly migrations: Awaited<ReturnType<typeof readMigrations>>;
};

/** Where the tenant's stores of this role are; undefined where it has none (yet, or any more). */
export async function findPlacement(
  { core }: Pick<StoresDeps, 'core'>,
  { tenantId, input }: StepContext,
  role: PlacementRole = 'current',
): Promise<Placement | undefined> {
  const row = await createPlacementStore(core.sql).find(tenantId, role);
  return row && toPlacement(row, input.slug);
}

/** @throws KolateError KLT_PROVISION_FAILED when its stores have not been provisioned */
export async function requirePlacement(
  deps: Pick<StoresDeps, 'core'>,
  context: StepContext,
  role: PlacementRole = 'current',
): Promise<Placement> {
  const placement = await findPlacement(deps, context, role);
  if (placement) return placement;
  throw new KolateError('KLT_PROVISION_FAILED', `the tenant has no ${role} stores that ${context.command} could use`);
}

/** All data of one placement, for as long as `act` takes. */
export async function withData<T>(
  { secrets }: Pick<StoresDeps, 'secrets'>,
  placement: Placement,
  act: (data: TenantData) => Promise<T>,
): Promise<T> {
  const data = openTenantData(placement, { secrets, name: serviceName });
  try {
    return await act(data);
  } finally {
    await data.close();
  }
}
