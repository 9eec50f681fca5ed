import { KolateError } from '../../../contracts/errors';
import { modelKey, type ResolvedModel } from './resolved-model';

/** A model in memory. While pinned it is not released, though it may have left the cache. */
export type CacheEntry<V> = {
  readonly key: string;
  readonly tenantId: string;
  readonly value: V;
  readonly costBytes: number;
  pins: number;
  usedAt: number;
  evicted: boolean;
};

export type SessionCacheOptions<V> = {
  readonly budgetBytes: number;
  /** Loads a model, and tells what it takes in memory. */
  readonly load: (model: ResolvedModel) => Promise<{ readonly value: V; readonly costBytes: number }>;
  readonly release: (value: V) => void;
  /** Loads at a time: each holds the bytes of its file until the runtime has taken them. */
  readonly maxLoads?: number;
  readonly now?: () => number;
};

export type SessionCache<V> = {
  /** The entry of `model` when it is in memory; for use before anything else is awaited, or to be pinned. */
  peek(model: ResolvedModel): CacheEntry<V> | undefined;
  /** The entry of `model`, pinned, after loading it when it is not in memory; callers that ask at once share one load. */
  acquire(model: ResolvedModel): Promise<CacheEntry<V>>;
  pin(entry: CacheEntry<V>): void;
  unpin(entry: CacheEntry<V>): void;
  /** Takes a model out, as when its version is deleted. */
  drop(key: string): void;
  readonly stats: () => { models: number; bytes: number; loads: number; evictions: number };
  close(): void;
};

/** How long a failed load is answered from memory, so that each request does not fetch the file again. */
const failureMs = 2_000;
const maxWaitingLoads = 64;

/**
 * Models in memory, bounded in bytes and fair between tenants: over the budget, the tenant furthest over its equal share loses
 * its least recently used model, however busy the others have been.
 */
export function createSessionCache<V>(options: SessionCacheOptions<V>): SessionCache<V> {
  const { budgetBytes, load, release, maxLoads = 2, now = () => performance.now() } = options;
  const entries = new Map<string, CacheEntry<V>>();
  // Finds an entry without building its key: the resolver hands out one object per version.
  const byModel = new WeakMap<ResolvedModel, CacheEntry<V>>();
  const loading = new Map<string, Promise<CacheEntry<V>>>();
  const failures = new Map<string, { readonly error: unknown; readonly until: number }>();
  const slots = createSlots(maxLoads);
  const counts = { loads: 0, evictions: 0 };
  let clock = 0;
  let bytes = 0;

  const touch = (entry: CacheEntry<V>): CacheEntry<V> => {
    entry.usedAt = ++clock;
    return entry;
  };

  function peek(model: ResolvedModel): CacheEntry<V> | undefined {
    const direct = byModel.get(model);
    if (direct && !direct.evicted) return touch(direct);
    const entry = entries.get(modelKey(model));
    if (!entry) return undefined;
    byModel.set(model, entry);
    return touch(entry);
  }

  function evict(entry: CacheEntry<V>): void {
    entries.delete(entry.key);
    bytes -= entry.costBytes;
    entry.evicted = true;
    if (entry.pins === 0) release(entry.value);
  }

  async function loadEntry(model: ResolvedModel, key: string): Promise<CacheEntry<V>> {
    if (model.sizeBytes > budgetBytes) throw tooLarge(model.sizeBytes, budgetBytes);
    const { value, costBytes } = await slots.run(() => load(model));
    counts.loads++;
    // Pinned while room is made, so that it does not make room for itself.
    const entry = { key, tenantId: model.tenantId, value, costBytes, pins: 1, usedAt: ++clock, evicted: false };
    entries.set(key, entry);
    byModel.set(model, entry);
    bytes += costBytes;
    while (bytes > budgetBytes) {
      const victim = chooseVictim(entries.values(), budgetBytes);
      if (!victim) break;
      counts.evictions++;
      evict(victim);
    }
    entry.pins--;
    return entry;
  }

  async function acquire(model: ResolvedModel): Promise<CacheEntry<V>> {
    const entry = peek(model) ?? (await loadShared(model));
    entry.pins++;
    return entry;
  }

  async function loadShared(model: ResolvedModel): Promise<CacheEntry<V>> {
    const key = modelKey(model);
    const failure = failures.get(key);
    if (failure && failure.until > now()) throw failure.error;
    failures.delete(key);
    let flight = loading.get(key);
    if (!flight) {
      flight = loadEntry(model, key).finally(() => loading.delete(key));
      loading.set(key, flight);
    }
    try {
      return await flight;
    } catch (error) {
      if (failures.size > 1_000) failures.clear();
      failures.set(key, { error, until: now() + failureMs });
      throw error;
    }
  }

  return {
    peek,
    acquire,
    pin: (entry) => {
      entry.pins++;
    },
    unpin(entry) {
      if (--entry.pins === 0 && entry.evicted) release(entry.value);
    },
    drop(key) {
      const entry = entries.get(key);
      if (entry) evict(entry);
    },
    stats: () => ({ models: entries.size, bytes, ...counts }),
    close() {
      for (const entry of [...entries.values()]) evict(entry);
    },
  };
}

/** The least recently used idle model of the tenant with the most bytes, which is over its share whenever the sum is over. */
function chooseVictim<V>(entries: Iterable<CacheEntry<V>>, budgetBytes: number): CacheEntry<V> | undefined {
  const idle = new Map<string, CacheEntry<V>>();
  const usage = new Map<string, number>();
  for (const entry of entries) {
    usage.set(entry.tenantId, (usage.get(entry.tenantId) ?? 0) + entry.costBytes);
    const oldest = idle.get(entry.tenantId);
    if (entry.pins === 0 && (!oldest || entry.usedAt < oldest.usedAt)) idle.set(entry.tenantId, entry);
  }
  const share = budgetBytes / usage.size;
  let victim: CacheEntry<V> | undefined;
  for (const candidate of idle.values()) {
    const bytes = usage.get(candidate.tenantId) ?? 0;
    if (bytes <= share) continue;
    const most = victim ? (usage.get(victim.tenantId) ?? 0) : 0;
    if (bytes > most || (bytes === most && victim && candidate.usedAt < victim.usedAt)) victim = candidate;
  }
  return victim;
}

const tooLarge = (sizeBytes: number, budgetBytes: number): KolateError =>
  new KolateError(
    'KLT_INFERENCE_OUT_OF_BOUNDS',
    `the model has ${sizeBytes} bytes; ${budgetBytes} are there for all models`,
  );

type Slots = { run<T>(work: () => Promise<T>): Promise<T> };

/** Lets `most` pieces of work run at a time, and a bounded number wait. */
function createSlots(most: number): Slots {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    async run(work) {
      if (running >= most) {
        if (waiting.length >= maxWaitingLoads) {
          const options = { retryAfterSeconds: 1 };
          throw new KolateError('KLT_OVERLOADED', `${maxWaitingLoads} models are waiting to be loaded`, options);
        }
        await new Promise<void>((resolve) => waiting.push(resolve));
      } else running++;
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else running--;
      }
    },
  };
}
