import type { Construct } from 'constructs';
import { topics } from '../../../src/contracts/topics';
import { grantFiles } from '../../constructs/services/grant-files';
import { grantTenantSecrets } from '../../constructs/services/grant-tenant-secrets';
import { KolateService } from '../../constructs/services/kolate-service';
import { ports } from '../../constructs/services/service-variables';
import {
  commonVariables,
  fileVariables,
  letIntoCache,
  letIntoPostgres,
  limitVariables,
  type ServicePlatform,
} from './service-platform';

/** Serving: predictions over HTTP and gRPC from models that it keeps in memory. */
export function addPredict(scope: Construct, platform: ServicePlatform): KolateService<'predict'> {
  const { bus, storage, ingress } = platform;
  const { memoryMib } = platform.common.environment.services.predict;
  const predict = new KolateService(scope, 'Predict', {
    ...platform.common,
    name: 'predict',
    groups: [platform.provisioning.hosting.clientGroup],
    variables: {
      ...commonVariables(platform, 'predict'),
      ...fileVariables(platform),
      ...limitVariables(platform),
      KOLATE_GRPC_PORT: String(ports.grpc),
      // The rest is for JavaScript, for calls of models and for processes of those that are contained.
      KOLATE_MODEL_CACHE_BYTES: String(Math.floor(memoryMib * 0.35) * 1_048_576),
      KOLATE_INFER_DEADLINE_MS: '10000',
      KOLATE_QUARANTINE_FILE: '/tmp/quarantine.json',
    },
    heapShare: 0.3,
    // The watchdog ends the process that a model holds up; the next one reads in the file which model it was.
    restartInPlace: true,
    entrance: { ...ingress.http, priority: 200 },
    grpcEntrance: { ...ingress.grpc, priority: 200, healthPath: '/inference.GRPCInferenceService/ServerLive' },
    load: { requestsPerMinute: 60_000, p95Ms: 100 },
  });
  letIntoPostgres(platform, predict, 'predict');
  letIntoCache(platform, predict);
  bus.allowFrom(predict);
  bus.grantFollow(predict, 'latest.predict.*', topics.modelLifecycle, topics.tenantLifecycle);
  bus.grantProduce(predict, topics.predictionLifecycle);
  grantFiles(predict, 'read', storage.models, 'models/');
  grantTenantSecrets(predict, platform.common.environment, 'read');
  return predict;
}
