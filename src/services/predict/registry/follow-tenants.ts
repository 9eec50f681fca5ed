import type { DataOf, EventContract } from '../../../contracts/events/event';
import * as tenantEvents from '../../../contracts/events/tenant-events';
import type { Kafka } from '../../../platform/kafka/create-kafka';
import type { Subscription } from '../../../platform/kafka/subscribe-latest';
import type { CoreSql } from '../../../platform/postgres/sql';
import type { Tenancy } from '../../../platform/tenancy/create-tenancy';
import type { TenantWork } from './tenant-work';

type FollowOptions = {
  readonly kafka: Pick<Kafka, 'subscribeLatest'>;
  readonly tenancy: Pick<Tenancy, 'invalidate' | 'clear'>;
  readonly work: Pick<TenantWork, 'poke'>;
};

const events: readonly EventContract[] = Object.values(tenantEvents);

/** Looks anew where a tenant's stores are when something happened to it, and goes on with what had been left while it was away. */
export function followTenants({ kafka, tenancy, work }: FollowOptions): Promise<Subscription> {
  return kafka.subscribeLatest({
    events,
    onMessage(message) {
      const { tenantId } = message.data as DataOf<typeof tenantEvents.tenantUpdated>;
      tenancy.invalidate(tenantId);
      work.poke(tenantId);
    },
    onGap: tenancy.clear,
  });
}

/** What a process that died had left: facts to publish, versions to validate, blobs to delete. */
export async function pokeAllTenants(core: CoreSql, work: Pick<TenantWork, 'poke'>): Promise<void> {
  const rows = await core.many<{ tenant_id: string }>`
    select tenant_id from tenancy.placement_of where state = 'active'`;
  for (const { tenant_id: tenantId } of rows) work.poke(tenantId);
}
