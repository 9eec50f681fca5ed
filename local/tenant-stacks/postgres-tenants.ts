import { withPostgresAdmin } from '../../src/platform/tenancy/pool/postgres-admin';
import { dropPostgresTenant, ensurePostgresTenant } from '../../src/platform/tenancy/pool/postgres-tenant';
import type { SharedStore } from '../../src/platform/tenancy/pool/shared-store';

/** Roles and databases of tenants in the cluster of `adminUrl`. */
export const createPostgresTenants = (adminUrl: string): SharedStore => ({
  ensure: (names, { postgres }) => withPostgresAdmin(adminUrl, (admin) => ensurePostgresTenant(admin, names, postgres)),
  drop: (names) => withPostgresAdmin(adminUrl, (admin) => dropPostgresTenant(admin, names)),
});
