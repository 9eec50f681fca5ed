import type { TenantState } from '../../contracts/http/tenants';
import type { CoreSql } from '../postgres/sql';
import type { Trust } from '../tls/trust';

/** A database and the user that comes in. */
export type PostgresEndpoint = {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
};

/** Where a stack's stores are and under which name one comes in. Passwords are in the secret store. */
export type StackEndpoints = {
  /** Its stores are spoken to over TLS; absent on one machine, where they listen on loopback only. */
  readonly tls?: boolean;
  /** The only certificate (PEM) that its stores may show; absent where they show one that the process trusts. */
  readonly certificate?: string;
  /**
   * Hosts of the members of each engine, of which one leads: that of `postgres`, `mongo` and `redis` is the first of them.
   * Absent where there is one.
   */
  readonly members?: readonly string[];
  readonly postgres: PostgresEndpoint;
  /** The shards after the first, which is `postgres`; absent where that is all. Their order is part of where rows lie. */
  readonly shards?: readonly PostgresEndpoint[];
  readonly mongo: { readonly host: string; readonly port: number; readonly database: string; readonly user: string };
  readonly redis: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    /** May list keys, which the serving user may not: a listing would show other tenants' names in a shared engine. */
    readonly maintenanceUser: string;
    /** Every key begins with it; the engine refuses others. */
    readonly keyPrefix: string;
  };
};

/** How the stores of a stack are spoken to. */
export const trustOf = ({ tls = false, certificate }: StackEndpoints): Trust =>
  certificate === undefined ? tls : { ca: certificate };

/** The tenant's PostgreSQL databases, shard 0 first. */
export const postgresOf = ({ postgres, shards = [] }: StackEndpoints): readonly PostgresEndpoint[] => [
  postgres,
  ...shards,
];

/** Where the stores of one tenant are. */
export type Placement = {
  readonly tenantId: string;
  readonly slug: string;
  readonly tier: string;
  readonly state: TenantState;
  readonly stack: string;
  readonly secretName: string;
  readonly endpoints: StackEndpoints;
};

/** A tenant that is known, and its placement once its stores have been provisioned. */
export type KnownTenant = { readonly state: TenantState; readonly placement: Placement | undefined };

type Row = {
  tenant_id: string;
  slug: string;
  tier: string;
  state: TenantState;
  stack: string | null;
  secret_name: string | null;
  endpoints: StackEndpoints | null;
};

/** Reads the view that tenancy publishes for all services. Undefined when there is no such tenant. */
export async function readPlacement(sql: CoreSql, tenantId: string): Promise<KnownTenant | undefined> {
  const row = await sql.maybe<Row>`
    select tenant_id, slug, tier, state, stack, secret_name, endpoints
    from tenancy.placement_of where tenant_id = ${tenantId}`;
  if (!row) return undefined;
  const { stack, secret_name: secretName, endpoints, state } = row;
  if (stack === null || secretName === null || endpoints === null) return { state, placement: undefined };
  return { state, placement: { tenantId, slug: row.slug, tier: row.tier, state, stack, secretName, endpoints } };
}
