import type { DataOf, EventContract } from '../../../contracts/events/event';
import type { Route } from '../../../contracts/http/route';
import { tenantOf } from '../../../platform/http/authorize';
import { runIdempotently } from '../../../platform/http/idempotency';
import type { createLister } from '../../../platform/http/list-query';
import type { Answer, Call } from '../../../platform/http/register-route';
import { createOutbox } from '../../../platform/outbox/create-outbox';
import type { Postgres } from '../../../platform/postgres/create-postgres';
import type { TenantSql } from '../../../platform/postgres/sql';
import type { BlobStore } from '../../../platform/storage/create-blob-store';

export type TenantDatabase = Postgres<'tenant'>;

export type RegistryDeps = {
  /** @throws KolateError KLT_TENANT_INACTIVE, KLT_TENANT_PAUSED, KLT_DEPENDENCY_UNAVAILABLE */
  readonly openDatabase: (tenantId: string) => Promise<TenantDatabase>;
  readonly blobs: Pick<BlobStore, 'presignPut' | 'head'>;
  readonly lister: ReturnType<typeof createLister>;
  readonly newId: () => string;
  /** Told after each commit that wrote facts, versions to validate or blobs to delete. */
  readonly onCommit: (tenantId: string) => void;
};

/** What a change may do: everything in one transaction of the tenant's database. */
export type Change = {
  readonly sql: TenantSql;
  readonly tenantId: string;
  /** Publishes a fact about a model if the transaction commits. */
  fact<E extends EventContract>(event: E, model: string, data: Omit<DataOf<E>, 'tenantId' | 'model'>): Promise<void>;
};

export const factsSchema = 'model';
const source = 'predict';

/** Facts about one model are in order, so that whoever follows them ends where the model is. */
export function factWriter(sql: TenantSql, tenantId: string, traceparent?: string): Change['fact'] {
  const outbox = createOutbox(sql, { schema: factsSchema, source });
  return (event, model, data) =>
    outbox.add(event, { key: `${tenantId}/${model}`, tenantId, traceparent, data: { ...data, tenantId, model } });
}

/** Runs `act` once for each Idempotency-Key, in one transaction of the database of the token's tenant. */
export async function change<R extends Route>(
  deps: RegistryDeps,
  call: Call<R>,
  act: (change: Change) => Promise<Answer>,
): Promise<Answer> {
  const tenantId = tenantOf(call.identity);
  const database = await deps.openDatabase(tenantId);
  const answer = await runIdempotently(database, factsSchema, call, (sql) =>
    act({ sql, tenantId, fact: factWriter(sql, tenantId, call.trace.traceparent) }),
  );
  deps.onCommit(tenantId);
  return answer;
}

/** The database of the token's tenant, to read from. */
export const databaseOf = <R extends Route>(deps: RegistryDeps, call: Call<R>): Promise<TenantDatabase> =>
  deps.openDatabase(tenantOf(call.identity));
