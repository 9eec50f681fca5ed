import type { DataOf, EventContract, Message } from '../../../contracts/events/event';
import * as modelEvents from '../../../contracts/events/predict-events';
import * as tenantEvents from '../../../contracts/events/tenant-events';
import type { Kafka } from '../../../platform/kafka/create-kafka';
import type { Subscription } from '../../../platform/kafka/subscribe-latest';
import type { Tenancy } from '../../../platform/tenancy/create-tenancy';
import type { InferenceEngine } from '../inference/inference-engine';
import type { Catalogue } from './create-catalogue';

export type FollowOptions = {
  readonly kafka: Pick<Kafka, 'subscribeLatest'>;
  readonly catalogue: Catalogue;
  readonly tenancy: Pick<Tenancy, 'invalidate' | 'clear'>;
  readonly engine: Pick<InferenceEngine, 'drop'>;
};

const { predictionCompleted, ...ofModels } = modelEvents;
const ofTenants: readonly EventContract[] = Object.values(tenantEvents);
const tenantTypes: ReadonlySet<string> = new Set(ofTenants.map(({ type }) => type));

/**
 * Drops from memory what a fact makes untrue, so that an alias moves and a tenant is suspended at once; all of it when facts
 * may have been missed.
 * @returns once everything that happens from then on will be seen
 */
export function followChanges({ kafka, catalogue, tenancy, engine }: FollowOptions): Promise<Subscription> {
  return kafka.subscribeLatest({
    events: [...Object.values(ofModels), ...ofTenants],
    onMessage(message) {
      if (tenantTypes.has(message.type)) {
        const { tenantId } = message.data as DataOf<typeof tenantEvents.tenantUpdated>;
        tenancy.invalidate(tenantId);
        catalogue.forgetTenant(tenantId);
        return;
      }
      const { tenantId, model } = message.data as DataOf<typeof modelEvents.modelUpdated>;
      catalogue.forgetModel(tenantId, model);
      const version = deletedVersion(message);
      // A version of the same name may come again with another file.
      if (version !== undefined) engine.drop({ tenantId, model, version });
    },
    onGap() {
      tenancy.clear();
      catalogue.forgetAll();
    },
  });
}

const deletedVersion = ({ type, data }: Message): string | undefined =>
  type === modelEvents.modelVersionDeleted.type
    ? (data as DataOf<typeof modelEvents.modelVersionDeleted>).version
    : undefined;
