import { KolateError } from '../../contracts/errors';
import type { Postgres } from '../postgres/create-postgres';
import { closeHandles, type HandleOptions, openHandles, type TenantHandles } from './open-handles';
import { type KnownTenant, type Placement, readPlacement } from './placement';

export type TenancyOptions = HandleOptions & {
  readonly core: Postgres<'core'>;
  /** How long a placement is believed without news of it. */
  readonly placementMs?: number;
  /** Tenants whose handles are held open; the one used longest ago makes room. */
  readonly maxOpen?: number;
  readonly idleMs?: number;
  /** How long work that has a handle may go on with it after it was taken out of use. */
  readonly graceMs?: number;
  readonly now?: () => number;
};

type Known = { readonly tenant: KnownTenant; readonly until: number };
type Open = { readonly handles: TenantHandles; lastUsed: number };

export type Tenancy = ReturnType<typeof createTenancy>;

const pausedSeconds = 5;
const maxKnown = 10_000;

/** Hands out the stores of tenants: `open(tenantId)`. */
export function createTenancy(options: TenancyOptions) {
  const { core, placementMs = 30_000, maxOpen = 200, idleMs = 300_000, graceMs = 15_000, now = Date.now } = options;
  const known = new Map<string, Known>();
  const reading = new Map<string, Promise<KnownTenant>>();
  const open = new Map<string, Open>();
  const leaving = new Set<() => Promise<void>>();
  let generation = 0;

  const read = async (tenantId: string): Promise<KnownTenant> => {
    const startedAt = generation;
    const tenant = await readPlacement(core.sql, tenantId);
    if (!tenant) throw new KolateError('KLT_TENANT_NOT_FOUND', 'there is no such tenant');
    // News that came while we read may be newer than what we read.
    if (startedAt === generation) remember(known, tenantId, { tenant, until: now() + placementMs });
    return tenant;
  };

  /** One read for all who ask for a tenant while it runs. */
  const find = (tenantId: string): Promise<KnownTenant> | KnownTenant => {
    const seen = known.get(tenantId);
    if (seen && seen.until > now()) return seen.tenant;
    const running = reading.get(tenantId);
    if (running) return running;
    const started = read(tenantId).finally(() => {
      if (reading.get(tenantId) === started) reading.delete(tenantId);
    });
    reading.set(tenantId, started);
    return started;
  };

  /** Nobody gets the handles any more; who has them may finish. */
  const retire = (tenantId: string): void => {
    const entry = open.get(tenantId);
    if (!entry) return;
    open.delete(tenantId);
    const close = async (): Promise<void> => {
      clearTimeout(timer);
      leaving.delete(close);
      await closeHandles(entry.handles);
    };
    const timer = setTimeout(() => void close(), graceMs);
    leaving.add(close);
  };

  const handlesOf = (placement: Placement): TenantHandles => {
    const { tenantId } = placement;
    const entry = open.get(tenantId);
    if (entry && samePlace(entry.handles.placement, placement)) {
      entry.lastUsed = now();
      // A Map keeps insertion order: the one used longest ago stands first.
      open.delete(tenantId);
      open.set(tenantId, entry);
      return entry.handles;
    }
    retire(tenantId);
    if (open.size >= maxOpen) retire(open.keys().next().value as string);
    const handles = openHandles(placement, options);
    open.set(tenantId, { handles, lastUsed: now() });
    return handles;
  };

  const sweep = setInterval(
    () => {
      for (const [tenantId, { lastUsed }] of open) if (now() - lastUsed >= idleMs) retire(tenantId);
    },
    Math.max(1_000, idleMs / 4),
  );
  sweep.unref();

  return {
    /**
     * @throws KolateError KLT_TENANT_NOT_FOUND, KLT_TENANT_INACTIVE, KLT_TENANT_PAUSED (with Retry-After, while it moves
     * to another tier), KLT_DEPENDENCY_UNAVAILABLE
     */
    async open(tenantId: string): Promise<TenantHandles> {
      return handlesOf(placementFor(await find(tenantId)));
    },
    /** Forgets where the tenant's stores are: called for each fact of `tenant.lifecycle`. */
    invalidate(tenantId: string): void {
      generation += 1;
      known.delete(tenantId);
      reading.delete(tenantId);
    },
    /** Forgets it of all tenants: when facts may have been missed. */
    clear(): void {
      generation += 1;
      known.clear();
      reading.clear();
    },
    openCount: (): number => open.size,
    /** Closes every handle at once. */
    async close(): Promise<void> {
      clearInterval(sweep);
      for (const tenantId of [...open.keys()]) retire(tenantId);
      await Promise.all([...leaving].map((close) => close()));
    },
  };
}

function remember(known: Map<string, Known>, tenantId: string, value: Known): void {
  known.delete(tenantId);
  if (known.size >= maxKnown) known.delete(known.keys().next().value as string);
  known.set(tenantId, value);
}

const samePlace = (a: Placement, b: Placement): boolean =>
  a.stack === b.stack && a.secretName === b.secretName && JSON.stringify(a.endpoints) === JSON.stringify(b.endpoints);

function placementFor({ state, placement }: KnownTenant): Placement {
  if (state === 'changing_tier') {
    throw new KolateError('KLT_TENANT_PAUSED', 'the tenant is being moved to another tier; try again in a moment', {
      retryAfterSeconds: pausedSeconds,
    });
  }
  if (state === 'active' && placement) return placement;
  throw new KolateError('KLT_TENANT_INACTIVE', `the tenant is ${state}`);
}
