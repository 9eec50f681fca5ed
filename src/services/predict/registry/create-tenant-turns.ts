import { KolateError } from '../../../contracts/errors';
import type { Backoff } from '../../../platform/kafka/record';
import type { Logger } from '../../../platform/logging/create-logger';

export type TenantTurnsOptions = {
  /** For the log: what is done. */
  readonly name: string;
  /** Tenants worked for at a time. */
  readonly concurrency: number;
  /**
   * One piece of work for the tenant. `lineUp` says that there is more of it, which may be done side by side.
   * @returns when to look again, unless somebody pokes before
   */
  readonly work: (tenantId: string, lineUp: () => void) => Promise<Date | undefined>;
  readonly backoff: Backoff;
  readonly log: Logger;
};

export type TenantTurns = {
  /** Says that there may be work for the tenant: new, or left by a process that died. */
  poke(tenantId: string): void;
  /** Starts nothing more, and waits for what is under way. */
  close(): Promise<void>;
};

/** Suspended, moving or deleted: when it is active again somebody pokes. */
const notServed: ReadonlySet<string> = new Set(['KLT_TENANT_NOT_FOUND', 'KLT_TENANT_INACTIVE', 'KLT_TENANT_PAUSED']);
const leastWaitMs = 100;

/**
 * Work for many tenants, `concurrency` at a time. What has to be done stands in the tenants' databases; here are only the
 * names of tenants to look at. They take turns, piece by piece, so that one with much to do keeps nobody waiting.
 */
export function createTenantTurns({ name, concurrency, work, backoff, log }: TenantTurnsOptions): TenantTurns {
  // A Set keeps its order: the tenant that has waited longest is first.
  const ring = new Set<string>();
  const timers = new Map<string, NodeJS.Timeout>();
  const failures = new Map<string, number>();
  const running = new Set<Promise<void>>();
  let closed = false;

  function poke(tenantId: string): void {
    if (closed) return;
    ring.add(tenantId);
    pump();
  }

  function pump(): void {
    for (const tenantId of ring) {
      if (closed || running.size >= concurrency) return;
      ring.delete(tenantId);
      const turn = takeTurn(tenantId).finally(() => {
        running.delete(turn);
        pump();
      });
      running.add(turn);
    }
  }

  async function takeTurn(tenantId: string): Promise<void> {
    try {
      const next = await work(tenantId, () => poke(tenantId));
      failures.delete(tenantId);
      if (next) pokeIn(tenantId, next.getTime() - Date.now());
    } catch (error) {
      if (error instanceof KolateError && notServed.has(error.code)) return;
      const count = (failures.get(tenantId) ?? 0) + 1;
      failures.set(tenantId, count);
      log.warn({ err: error, tenantId, failures: count }, `${name} failed for a tenant; trying again`);
      pokeIn(tenantId, backoff(count));
    }
  }

  function pokeIn(tenantId: string, ms: number): void {
    if (closed) return;
    clearTimeout(timers.get(tenantId));
    const look = (): void => {
      timers.delete(tenantId);
      poke(tenantId);
    };
    timers.set(tenantId, setTimeout(look, Math.max(leastWaitMs, ms)).unref());
  }

  return {
    poke,
    async close() {
      closed = true;
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.all(running);
    },
  };
}
