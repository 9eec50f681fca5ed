import type { StackEndpoints } from '../placement';
import { tenantNames } from './tenant-names';

type Address = { readonly host: string; readonly port: number };

export type PoolAddresses = {
  /** They are spoken to over TLS, with certificates that the process trusts. @default false */
  readonly tls?: boolean;
  readonly postgres: Address;
  /** The PostgreSQL shards after the first. */
  readonly shards?: readonly Address[];
  readonly document: Address;
  readonly valkey: Address;
};

/** Where a tenant's stores are in engines that stand at `at`, and by which names it comes in. */
export function endpointsOf(at: PoolAddresses, tenantId: string): StackEndpoints {
  const { user, database, maintenanceUser, keyPrefix } = tenantNames(tenantId);
  const addressOf = ({ host, port }: Address): Address => ({ host, port });
  return {
    ...(at.tls && { tls: true }),
    postgres: { ...addressOf(at.postgres), database, user },
    ...(at.shards?.length && { shards: at.shards.map((shard) => ({ ...addressOf(shard), database, user })) }),
    mongo: { ...addressOf(at.document), database, user },
    redis: { ...addressOf(at.valkey), user, maintenanceUser, keyPrefix },
  };
}
