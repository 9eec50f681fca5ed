import { shardsUnavailable } from '../../src/platform/tenancy/tenant-stack-driver';
import type { DatabaseEndpoint } from '../engines/engine';
import { dropMongoTenant, ensureMongoTenant } from './mongo-tenant';
import { dropDocumentTenant, dropPostgresTenant, ensureDocumentTenant, ensurePostgresTenant } from './postgres-tenant';
import type { StackBuilder } from './stack-builder';
import { tenantNames } from './tenant-names';
import { dropValkeyTenant, ensureValkeyTenant } from './valkey-tenant';

/** The engines that all tenants of the tier share, with their administrators' credentials. */
export type SharedEngines = {
  readonly postgres: DatabaseEndpoint;
  /** What FerretDB stands on; absent beside a MongoDB of the operator's own. */
  readonly documentPostgres: DatabaseEndpoint | undefined;
  readonly document: DatabaseEndpoint;
  readonly valkey: DatabaseEndpoint;
};

/** A database, a document user and a key space of its own in the shared engines. */
export function createPoolBuilder(shared: SharedEngines): StackBuilder {
  return {
    async plan(_known, { tier, shards }) {
      if (shards > 1) throw shardsUnavailable(tier, shards);
      return undefined;
    },
    async build({ tenantId }, credentials) {
      const names = tenantNames(tenantId);
      await Promise.all([
        ensurePostgresTenant(shared.postgres.url, names, credentials.postgres),
        shared.documentPostgres
          ? ensureDocumentTenant(shared.documentPostgres.url, names, credentials.mongo)
          : ensureMongoTenant(shared.document.url, names, credentials.mongo),
        ensureValkeyTenant(shared.valkey.url, names, credentials),
      ]);
      return endpointsOf(shared, tenantId);
    },
    // The shared engines may have come back elsewhere.
    restore: async (record) => ({ ...record, endpoints: endpointsOf(shared, record.tenantId) }),
    async destroy({ tenantId }) {
      const names = tenantNames(tenantId);
      await Promise.all([
        dropPostgresTenant(shared.postgres.url, names),
        shared.documentPostgres
          ? dropDocumentTenant(shared.documentPostgres.url, names)
          : dropMongoTenant(shared.document.url, names),
        dropValkeyTenant(shared.valkey.url, names),
      ]);
    },
  };
}

type Address = Pick<DatabaseEndpoint, 'host' | 'port'>;

type Addresses = {
  readonly postgres: Address;
  /** The PostgreSQL shards after the first. */
  readonly shards?: readonly Address[];
  readonly document: Address;
  readonly valkey: Address;
};

export function endpointsOf(at: Addresses, tenantId: string) {
  const { user, database, maintenanceUser, keyPrefix } = tenantNames(tenantId);
  const addressOf = ({ host, port }: Address): Address => ({ host, port });
  return {
    postgres: { ...addressOf(at.postgres), database, user },
    ...(at.shards?.length && { shards: at.shards.map((shard) => ({ ...addressOf(shard), database, user })) }),
    mongo: { ...addressOf(at.document), database, user },
    redis: { ...addressOf(at.valkey), user, maintenanceUser, keyPrefix },
  };
}
