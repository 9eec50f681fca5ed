import type { Construct } from 'constructs';
import { topics } from '../../../src/contracts/topics';
import { backlogOf } from '../../constructs/services/backlog';
import { CursorKey } from '../../constructs/services/cursor-key';
import { grantFiles } from '../../constructs/services/grant-files';
import { grantTenantSecrets } from '../../constructs/services/grant-tenant-secrets';
import { KolateService } from '../../constructs/services/kolate-service';
import {
  commonVariables,
  fileVariables,
  letIntoCache,
  letIntoPostgres,
  limitVariables,
  type ServicePlatform,
} from './service-platform';

/** Models and their files, and the predictions that were made, which it stores. */
export function addPredictRegistry(scope: Construct, platform: ServicePlatform): KolateService<'predict-registry'> {
  const { bus, storage, ingress } = platform;
  const groups = ['predict-recorder', 'predict-recorder.retry'];
  const registry = new KolateService(scope, 'PredictRegistry', {
    ...platform.common,
    name: 'predict-registry',
    groups: [platform.provisioning.hosting.clientGroup],
    variables: {
      ...commonVariables(platform, 'predict'),
      ...fileVariables(platform),
      ...limitVariables(platform),
      KOLATE_CURSOR_KEYS: new CursorKey(scope, 'PredictRegistryCursors', {
        key: platform.common.key,
        rotation: platform.cursors,
        service: 'predict-registry',
      }).value,
    },
    heapShare: 0.4,
    entrance: { ...ingress.http, priority: 300 },
    load: { requestsPerMinute: 12_000, p95Ms: 500 },
    backlog: { ...backlogOf(bus, 'predict-recorder', 5_000, [topics.predictionLifecycle]), groups },
  });
  letIntoPostgres(platform, registry, 'predict');
  letIntoCache(platform, registry);
  bus.allowFrom(registry);
  for (const group of groups) {
    bus.grantConsume(registry, group, topics.predictionLifecycle);
  }
  bus.grantFollow(registry, 'latest.predict-registry.*', topics.tenantLifecycle);
  bus.grantProduce(registry, topics.modelLifecycle);
  grantFiles(registry, 'write', storage.models, 'models/');
  grantTenantSecrets(registry, platform.common.environment, 'read');
  return registry;
}
