import { KolateError } from '../../../contracts/errors';
import {
  type Stack,
  type StackSpec,
  shardsUnavailable,
  type TenantStackDriver,
  tierUnavailable,
} from '../tenant-stack-driver';
import { endpointsOf, type PoolAddresses } from './pool-endpoints';
import { type PostgresAdmin, withPostgresAdmin } from './postgres-admin';
import { dropPostgresTenant, ensurePostgresTenant } from './postgres-tenant';
import type { AdminUrl, SharedStore } from './shared-store';
import { lockStack, markText, readMark, type StackMark, writeMark } from './stack-mark';
import { tenantNames } from './tenant-names';

export type PoolDriverOptions = {
  /** PostgreSQL's administrator, who may make roles and databases and need not be a superuser. */
  readonly adminUrl: AdminUrl;
  readonly documents: SharedStore;
  readonly keys: SharedStore;
  readonly addresses: PoolAddresses;
};

const tier = 'pool';

/**
 * Tenants' stores as databases and users in engines that stand for all of them, without an agent beside them. What is
 * known of a stack stands in PostgreSQL itself, and so does the lock by which one process at a time is at it.
 */
export function createPoolStackDriver(options: PoolDriverOptions): TenantStackDriver {
  const { adminUrl, documents, keys, addresses } = options;
  const asStack = (name: string, tenantId: string): Stack => ({
    ...{ name, tenantId, tier },
    endpoints: endpointsOf(addresses, tenantId),
  });

  const build = async (admin: PostgresAdmin, spec: StackSpec, signal?: AbortSignal): Promise<void> => {
    const { name, tenantId, requestToken, credentials } = spec;
    const names = tenantNames(tenantId);
    const mark = (state: StackMark['state']): StackMark => ({ tenantId, state, requestToken });
    await ensurePostgresTenant(admin, names, credentials.postgres, markText(name, mark('building')));
    await together([documents.ensure(names, credentials, signal), keys.ensure(names, credentials, signal)]);
    await writeMark(admin, names.user, name, mark('ready'));
  };

  return {
    async apply(spec, signal) {
      const { name, tenantId } = spec;
      check(spec);
      return withPostgresAdmin(await adminUrl(), async (admin) => {
        await lockStack(admin, name);
        const known = await readMark(admin, name);
        if (known) checkSame(name, known, tenantId);
        const done = known?.state === 'ready' && known.requestToken === spec.requestToken;
        if (!done) await build(admin, spec, signal).catch((error: unknown) => Promise.reject(failed(name, error)));
        return asStack(name, tenantId);
      });
    },

    async describe(name) {
      const known = await withPostgresAdmin(await adminUrl(), (admin) => readMark(admin, name));
      return known?.state === 'ready' ? asStack(name, known.tenantId) : undefined;
    },

    async destroy(name, signal) {
      return withPostgresAdmin(await adminUrl(), async (admin) => {
        await lockStack(admin, name);
        const known = await readMark(admin, name);
        if (!known) return undefined;
        const names = tenantNames(known.tenantId);
        await writeMark(admin, names.user, name, { ...known, state: 'leaving' });
        await together([documents.drop(names, signal), keys.drop(names, signal)]);
        // Last, since the mark goes with it.
        await dropPostgresTenant(admin, names);
        return { id: name, deletedAt: new Date().toISOString() };
      });
    },
  };
}

function check({ tier: wanted, shards = 1 }: StackSpec): void {
  if (wanted !== tier) throw tierUnavailable(wanted);
  if (shards > 1) throw shardsUnavailable(tier, shards);
}

/** All have ended when this does, also when one fails: nobody is at the stack any more. */
async function together(work: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}

function checkSame(name: string, known: StackMark, tenantId: string): void {
  if (known.tenantId === tenantId && known.state !== 'leaving') return;
  const what = known.state === 'leaving' ? 'is being destroyed' : 'has another tenant';
  throw new KolateError('KLT_PROVISION_FAILED', `a stack ${name} is there and ${what}`);
}

function failed(name: string, error: unknown): unknown {
  if (error instanceof KolateError) return error;
  const detail = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  return new KolateError('KLT_PROVISION_FAILED', `${name}: ${detail}`, {
    hint: 'the shared engine that says so is to be looked at; then retry the operation',
    cause: error,
  });
}
