import { randomBytes } from 'node:crypto';
import { migrate } from '../../../platform/postgres/migrate';
import { closeHandles, openHandles, type TenantHandles } from '../../../platform/tenancy/open-handles';
import type { Placement } from '../../../platform/tenancy/placement';
import { parseStackCredentials, type StackCredentials } from '../../../platform/tenancy/stack-credentials';
import type { Stack, StackSpec } from '../../../platform/tenancy/tenant-stack-driver';
import { serviceName } from '../outbox';
import { secretNames } from '../secret-names';
import { keepOrMake } from './identity-steps';
import { placeTenant } from './place-tenant';
import { createPlacementStore, type PlacementRole, stackName } from './placement-store';
import { requireToTier } from './require-tier';
import { retireTiers } from './retire-tiers';
import { smokeTest } from './smoke-test';
import { nothingMore, type StepContext, slow } from './step';
import { remembered } from './step-memo';
import { requirePlacement, type StoresDeps } from './stores-deps';
import type { TenancyStepDeps } from './tenancy-steps';

export type ProvisionStepDeps = StoresDeps & Pick<TenancyStepDeps, 'quotas'>;
/** Where stores are made: which of the tenant's places, and with how many shards. */
type Target = { readonly role: PlacementRole; readonly tier: string; readonly shards?: number };

const statementTimeoutMs = 50_000;

/** Steps that make and unmake a tenant's stores. */
export function createProvisionSteps(deps: ProvisionStepDeps) {
  const { driver, secrets } = deps;
  const provision = (context: StepContext, target: Target, signal: AbortSignal) =>
    applyStack(deps, context, target, signal);

  /** The tenant may get a place in that tier again. */
  const destroyTier = async ({ tenantId }: StepContext, tier: string, signal: AbortSignal): Promise<void> => {
    await driver.destroy(stackName(tenantId, tier), signal);
    await secrets.delete(secretNames.stores(tenantId, tier));
    await secrets.delete(secretNames.tls(tenantId, tier));
  };

  return {
    'stores.provision': slow(async (context, signal) => {
      const { stack, secretName } = await provision(context, { ...context.input, role: 'current' }, signal);
      return async (sql) => {
        await createPlacementStore(sql).fill(context.tenantId, 'current', secretName, stack.endpoints);
        const { shards = [] } = stack.endpoints;
        return { stack: stack.name, secretName, ...(shards.length > 0 && { shards: shards.length + 1 }) };
      };
    }),

    /** As an undo it leaves the place to be filled again; as the end of a tenant nothing. */
    'stores.destroy': slow(async (context, signal) => {
      const rows = await createPlacementStore(deps.core.sql).all(context.tenantId);
      const tiers = new Set([context.input.tier, ...rows.map(({ tier }) => tier)]);
      if (context.direction === 'undo') {
        for (const tier of tiers) await destroyTier(context, tier, signal);
        return async (sql) => {
          await createPlacementStore(sql).fill(context.tenantId, 'current', null, null);
          return {};
        };
      }
      const evidence = await remembered(deps.core.sql, context, () => retireTiers(deps, context, tiers, signal));
      return async (sql) => {
        await createPlacementStore(sql).removeAll(context.tenantId);
        return evidence;
      };
    }),

    'stores.provision_target': slow(async (context, signal) => {
      const { tenantId, input } = context;
      const tier = requireToTier(context);
      // The place is taken before anything is made there.
      const place = { tenantId, tier, role: 'target' as const, quotas: deps.quotas ?? [] };
      const isolation = await deps.core.transaction((sql) => placeTenant(sql, place));
      const { stack, secretName } = await provision(context, place, signal);
      const { name, endpoints } = stack;
      await migrateStores(deps, {
        tenantId,
        slug: input.slug,
        tier,
        state: 'active',
        stack: name,
        secretName,
        endpoints,
      });
      return async (sql) => {
        await createPlacementStore(sql).fill(tenantId, 'target', secretName, endpoints);
        return { stack: name, secretName, stores: isolation };
      };
    }),
    'stores.destroy_target': slow(async (context, signal) => {
      await destroyTier(context, requireToTier(context), signal);
      return async (sql) => {
        await createPlacementStore(sql).remove(context.tenantId, 'target');
        return {};
      };
    }),
    'stores.destroy_old': slow(async (context, signal) => {
      await destroyTier(context, context.input.tier, signal);
      return async (sql) => {
        await createPlacementStore(sql).remove(context.tenantId, 'old');
        return {};
      };
    }),

    'stores.migrate': slow(async (context) => {
      const applied = await migrateStores(deps, await requirePlacement(deps, context));
      return nothingMore({ applied });
    }),
    'stores.seed': slow(async (context) => {
      const { tenantId } = context;
      await withHandles(
        deps,
        await requirePlacement(deps, context),
        ({ sql: { sql } }) =>
          sql.run`insert into platform.owner (tenant_id) values (${tenantId}) on conflict do nothing`,
      );
      return nothingMore();
    }),
    'stores.smoke_test': slow(async (context) => {
      const placement = await requirePlacement(deps, context);
      return nothingMore({ checks: await withHandles(deps, placement, smokeTest) });
    }),
  };
}

async function applyStack(
  { core, driver, secrets }: StoresDeps,
  { tenantId, sagaId, step }: StepContext,
  { role, tier, shards = 1 }: Target,
  signal: AbortSignal,
): Promise<{ stack: Stack; secretName: string }> {
  const secretName = secretNames.stores(tenantId, tier);
  const credentials = parseStackCredentials(secretName, await keepOrMake(secrets, secretName, newCredentials));
  const found = await createPlacementStore(core.sql).find(tenantId, role);
  const { cell_id: cellId, cell_slot: slot, disk_gib: diskGib } = found ?? {};
  const spec: StackSpec = {
    ...{ name: stackName(tenantId, tier), tenantId, tier, credentials, requestToken: `${sagaId}-${step}` },
    ...(shards > 1 && { shards }),
    ...(cellId && slot ? { place: { cellId, slot, ...(diskGib ? { diskGib } : {}) } } : {}),
  };
  return { stack: await driver.apply(spec, signal), secretName };
}

const password = (): string => randomBytes(24).toString('base64url');

function newCredentials(): string {
  const made: StackCredentials = {
    postgres: password(),
    mongo: password(),
    redis: password(),
    redisMaintenance: password(),
    // Of the second users, whose turn comes with the first rotation.
    postgresClone: password(),
    mongoClone: password(),
    redisClone: password(),
    redisMaintenanceClone: password(),
  };
  return JSON.stringify(made);
}

const migrateStores = ({ secrets, migrations }: StoresDeps, placement: Placement): Promise<string[]> =>
  withHandles({ secrets }, placement, async ({ shards }) => {
    const applied = await Promise.all(shards.all().map((shard) => migrate(shard, migrations)));
    // They differ where a try before this one came less far in one than in another.
    return [...new Set(applied.flat())].sort();
  });

async function withHandles<T>(
  { secrets }: Pick<StoresDeps, 'secrets'>,
  placement: Placement,
  act: (handles: TenantHandles) => Promise<T>,
): Promise<T> {
  const handles = openHandles(placement, { secrets, name: serviceName, maxConnections: 1, statementTimeoutMs });
  try {
    return await act(handles);
  } finally {
    await closeHandles(handles);
  }
}
