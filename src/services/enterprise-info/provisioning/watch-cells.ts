import { Gauge, type Registry } from 'prom-client';
import { publishedMetrics } from '../../../contracts/metrics';
import { isOutgrown, type Relief, relieveHost } from '../../../domain/placement/relieve-host';
import type { Logger } from '../../../platform/logging/create-logger';
import type { Postgres } from '../../../platform/postgres/create-postgres';
import type { MeasureTenants } from '../../../platform/tenancy/create-cloudwatch-meter';
import { createCellStore } from './cell-store';

type Deps = { readonly core: Postgres<'core'>; readonly measure: MeasureTenants; readonly log: Logger };
export type WatchCellsOptions = Deps & { readonly metrics: Registry; readonly everyMs?: number };

/** A host that its tenants have outgrown, and who should leave it for where. */
export type Outgrown = Relief & { readonly cellId: string; readonly slot: number };

/**
 * Writes down what tenants of shared cells take, by which they are placed from then on, and says which hosts of open cells
 * have been outgrown and what would relieve them. Nobody is moved: a move pauses a tenant, and somebody decides when.
 */
export async function measureCells({ core, measure, log }: Deps): Promise<readonly Outgrown[]> {
  const tenants = await createCellStore(core.sql).tenants();
  const use = await measure(tenants);
  const outgrown = await core.transaction(async (sql) => {
    const store = createCellStore(sql);
    await store.keepUse(use);
    const cells = await store.lockOpen();
    const found: Outgrown[] = [];
    for (const { id: cellId, hosts } of cells) {
      for (const { slot } of hosts.filter(isOutgrown)) {
        const relief = relieveHost(cells, { cellId, slot }, await store.residents(cellId, slot));
        found.push({ cellId, slot, ...relief });
      }
    }
    return found;
  });
  for (const { cellId, slot, moves, enough } of outgrown) {
    log.warn(
      { cellId, slot, moves, enough },
      'tenants have outgrown a host of a shared cell: docs/runbooks/cell-outgrown.md',
    );
  }
  const unknown = tenants.length - use.size;
  if (unknown > 0) log.warn({ tenants: unknown }, 'nothing is known of what tenants of shared cells take');
  return outgrown;
}

/** Does it again and again; the metric says how many hosts are outgrown. */
export function watchCells({ metrics, everyMs = 15 * 60_000, ...deps }: WatchCellsOptions) {
  const { name } = publishedMetrics.hostsOutgrown;
  const gauge = new Gauge({
    name,
    help: 'Hosts of shared cells that their tenants have outgrown',
    registers: [metrics],
  });
  let running: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    try {
      gauge.set((await measureCells(deps)).length);
    } catch (error) {
      deps.log.warn({ err: error }, 'what tenants of shared cells take could not be read; trying again');
    }
  };
  const next = (): void => {
    running = running.then(look);
  };
  next();
  const timer = setInterval(next, everyMs).unref();
  return {
    /** Waits for the look that is under way. */
    async close(): Promise<void> {
      clearInterval(timer);
      await running;
    },
  };
}
