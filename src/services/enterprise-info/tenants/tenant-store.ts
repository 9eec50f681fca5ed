import { KolateError } from '../../../contracts/errors';
import type { CreateTenant, Tenant, TenantState, UpdateTenant } from '../../../contracts/http/tenants';
import type { CoreSql } from '../../../platform/postgres/sql';
import { isUniqueViolation } from '../../../platform/postgres/sql';

export type TenantRow = {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly tier: string;
  readonly contact: string;
  readonly state: TenantState;
  readonly state_before: TenantState | null;
  readonly client_id: string | null;
  readonly secret_shown_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly version: number;
};

export type ShownTenantRow = TenantRow & { readonly current_operation_id: string | null };

export const tenantNotFound = (): KolateError => new KolateError('KLT_TENANT_NOT_FOUND', 'there is no such tenant');

/** Tenants in the transaction, or on the connection, of `sql`. */
export function createTenantStore(sql: CoreSql) {
  return {
    /** @throws KolateError KLT_TENANT_SLUG_TAKEN */
    async insert(id: string, { slug, name, tier, contact }: CreateTenant): Promise<TenantRow> {
      try {
        return await sql.one<TenantRow>`
          insert into tenancy.tenant (id, slug, name, tier, contact)
          values (${id}, ${slug}, ${name}, ${tier}, ${contact})
          returning *`;
      } catch (error) {
        throw isUniqueViolation(error, 'tenant_slug_key') ? slugTaken(slug, error) : error;
      }
    },
    isSlugTaken: async (slug: string): Promise<boolean> =>
      (await sql.maybe`select from tenancy.tenant where slug = ${slug} and state <> 'deleted'`) !== undefined,
    find: (id: string): Promise<ShownTenantRow | undefined> =>
      sql.maybe<ShownTenantRow>`select * from tenancy.tenant_shown where id = ${id}`,
    /** The row until the end of the transaction: whoever changes a tenant begins with it. @throws KLT_TENANT_NOT_FOUND */
    async lock(id: string): Promise<TenantRow> {
      const row = await sql.maybe<TenantRow>`select * from tenancy.tenant where id = ${id} for update`;
      if (!row) throw tenantNotFound();
      return row;
    },
    /** The operation of the tenant that is under way. */
    currentOperation: async (id: string): Promise<string | undefined> => {
      const row = await sql.maybe<{ current_operation_id: string | null }>`
        select current_operation_id from tenancy.tenant_shown where id = ${id}`;
      return row?.current_operation_id ?? undefined;
    },
    update: (id: string, { name, contact }: UpdateTenant): Promise<TenantRow> =>
      sql.one<TenantRow>`
        update tenancy.tenant set name = coalesce(${name ?? null}, name), contact = coalesce(${contact ?? null}, contact),
          version = version + 1, updated_at = now()
        where id = ${id} returning *`,
    /** @param before what an offboarding that is given up goes back to */
    setState: (id: string, state: TenantState, before: TenantState | null = null): Promise<TenantRow> =>
      sql.one<TenantRow>`
        update tenancy.tenant set state = ${state}, state_before = ${before}, version = version + 1, updated_at = now()
        where id = ${id} returning *`,
    setTier: (id: string, tier: string): Promise<TenantRow> =>
      sql.one<TenantRow>`
        update tenancy.tenant set tier = ${tier}, version = version + 1, updated_at = now() where id = ${id} returning *`,
    /** A new client's secret has not been shown. */
    setClient: (id: string, clientId: string | null): Promise<number> =>
      sql.run`
        update tenancy.tenant set client_id = ${clientId}, secret_shown_at = null, version = version + 1, updated_at = now()
        where id = ${id} and client_id is distinct from ${clientId}`,
    markSecretShown: (id: string): Promise<number> =>
      sql.run`update tenancy.tenant set secret_shown_at = now() where id = ${id}`,
    /** Something that is shown with the tenant has changed. */
    touch: (id: string): Promise<number> =>
      sql.run`update tenancy.tenant set version = version + 1, updated_at = now() where id = ${id}`,
  };
}

export const slugTaken = (slug: string, cause?: unknown): KolateError =>
  new KolateError('KLT_TENANT_SLUG_TAKEN', `another tenant has the slug ${slug}`, {
    errors: [{ pointer: '/slug', detail: 'is taken' }],
    cause,
  });

export const toTenant = (row: ShownTenantRow): Tenant => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  tier: row.tier,
  contact: row.contact,
  state: row.state,
  ...(row.client_id === null ? {} : { clientId: row.client_id }),
  ...(row.current_operation_id === null ? {} : { currentOperationId: row.current_operation_id }),
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  version: row.version,
});
