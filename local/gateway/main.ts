import { GatewayEnv } from '../../src/contracts/env/gateway-env';
import { leaseFrom } from '../../src/domain/limits/token-bucket';
import { createAuthorizer } from '../../src/handlers/authorizer/authorize-request';
import { readEnv } from '../../src/platform/config/read-env';
import { createIssuerVerifier, discoverJwksUri } from '../../src/platform/identity/create-issuer-verifier';
import { runUntilSignal } from '../../src/platform/lifecycle/run-until-signal';
import { createLogger } from '../../src/platform/logging/create-logger';
import { createMemoryLeases } from '../../src/platform/redis/create-memory-leases';
import { createRateLimiter } from '../../src/platform/redis/create-rate-limiter';
import { createRedis } from '../../src/platform/redis/create-redis';
import { createRedisLeases } from '../../src/platform/redis/create-redis-leases';
import { createCallerCheck } from './check-caller';
import { createGatewayApp } from './gateway-app';
import { createGrpcProxy } from './grpc/grpc-proxy';
import { createGrpcUpstream } from './grpc/grpc-upstream';
import { createUpstream } from './upstream';

async function main(): Promise<void> {
  const env = readEnv(GatewayEnv, process.env);
  const log = createLogger('gateway', env.KOLATE_LOG_LEVEL);
  const issuer = env.KOLATE_ISSUER_URL;
  const redis = createRedis('core', { url: env.KOLATE_REDIS_URL, name: 'gateway' });
  const checkCaller = createCallerCheck(createAuthorizer(createIssuerVerifier({ issuer })));
  const limiter = createRateLimiter({ leases: createRedisLeases(redis), fallback: createMemoryLeases(leaseFrom) });
  const upstreams = {
    'enterprise-info': createUpstream('enterprise-info', env.KOLATE_ENTERPRISE_INFO_URL),
    core: createUpstream('core', env.KOLATE_CORE_URL),
    predict: createUpstream('predict', env.KOLATE_PREDICT_URL),
    'predict-registry': createUpstream('predict-registry', env.KOLATE_PREDICT_REGISTRY_URL),
  };
  const grpcUpstream = createGrpcUpstream(env.KOLATE_PREDICT_GRPC_ADDRESS);
  const probes = [
    { name: 'redis', check: redis.ping },
    { name: 'issuer', check: () => discoverJwksUri(issuer) },
    { name: 'predict over gRPC', check: grpcUpstream.ready },
    ...Object.values(upstreams).map(({ name, ready }) => ({ name, check: ready })),
  ];
  const app = createGatewayApp({ log, checkCaller, limiter, upstreams, probes });
  const grpc = createGrpcProxy({ log, checkCaller, limiter, upstream: grpcUpstream });
  await runUntilSignal({
    log,
    start: async () => {
      await new Promise<void>((resolve, reject) => {
        grpc.server.once('error', reject);
        grpc.server.listen(env.KOLATE_GRPC_PORT, env.KOLATE_HOST, resolve);
      });
      await app.listen({ port: env.KOLATE_PORT, host: env.KOLATE_HOST });
    },
    stop: [
      () => Promise.all([app.close(), grpc.close()]),
      () => Promise.all(Object.values(upstreams).map(({ close }) => close())),
      grpcUpstream.close,
      redis.close,
    ],
    deadlineMs: env.KOLATE_DRAIN_TIMEOUT_MS,
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
