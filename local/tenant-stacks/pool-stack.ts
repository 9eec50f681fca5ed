import { tenantPlaceholder } from '../../src/contracts/tier-plan';
import { createMongoTenants } from '../../src/platform/tenancy/pool/mongo-tenant';
import { endpointsOf } from '../../src/platform/tenancy/pool/pool-endpoints';
import type { SharedStore } from '../../src/platform/tenancy/pool/shared-store';
import { tenantNames } from '../../src/platform/tenancy/pool/tenant-names';
import { createValkeyTenants } from '../../src/platform/tenancy/pool/valkey-tenant';
import { shardsUnavailable } from '../../src/platform/tenancy/tenant-stack-driver';
import type { DatabaseEndpoint } from '../engines/engine';
import { createDocumentTenants } from './document-tenant';
import { createPostgresTenants } from './postgres-tenants';
import type { StackBuilder, Wanted } from './stack-builder';

const ofTenant = tenantNames(tenantPlaceholder);

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
  const stores: readonly SharedStore[] = [
    createPostgresTenants(shared.postgres.url),
    shared.documentPostgres
      ? createDocumentTenants(shared.documentPostgres.url)
      : createMongoTenants(async () => shared.document.url, ['SCRAM-SHA-256']),
    createValkeyTenants(async () => shared.valkey.url),
  ];
  const oneShard = ({ tier, shards }: Wanted): void => {
    if (shards > 1) throw shardsUnavailable(tier, shards);
  };
  return {
    resources(wanted) {
      oneShard(wanted);
      return [
        { kind: 'PostgreSQL database and role', name: ofTenant.user, count: 1, where: 'the shared PostgreSQL' },
        { kind: 'document database and user', name: ofTenant.user, count: 1, where: 'the shared document engine' },
        { kind: 'Valkey user', name: `${ofTenant.user}*`, count: 2, where: 'the shared Valkey' },
      ];
    },
    async plan(_known, wanted) {
      oneShard(wanted);
      return undefined;
    },
    async build({ tenantId }, credentials) {
      const names = tenantNames(tenantId);
      await Promise.all(stores.map((store) => store.ensure(names, credentials)));
      return endpointsOf(shared, tenantId);
    },
    // The shared engines may have come back elsewhere.
    restore: async (record) => ({ ...record, endpoints: endpointsOf(shared, record.tenantId) }),
    async destroy({ tenantId }) {
      await Promise.all(stores.map((store) => store.drop(tenantNames(tenantId))));
    },
  };
}
