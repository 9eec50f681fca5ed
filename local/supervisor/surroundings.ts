import type { Endpoints } from '../../src/contracts/home';
import { operatorClientId } from '../../src/contracts/identity-admin';
import { apiAudience } from '../../src/contracts/scopes';
import type { CoreEngines } from './core-engines';
import type { Home } from './home';
import { type HomeSecrets, secretFile } from './home-secrets';
import type { HeldPorts } from './ports';
import { type CoreRole, coreDatabase, databaseUrl } from './prepare-core';
import { issuerUrl, type Surroundings } from './service-specs';

/** What the services have to know of everything else. */
export function surroundingsOf(
  { home, dist }: { readonly home: Home; readonly dist: string },
  ports: HeldPorts,
  secrets: HomeSecrets,
  engines: CoreEngines,
): Surroundings {
  const passwords: Readonly<Record<CoreRole, string>> = {
    enterprise_info: secrets['platform/role-enterprise-info'],
    core: secrets['platform/role-core'],
    predict: secrets['platform/role-predict'],
  };
  const { accessKeyId, secretAccessKey, endpoint: s3 } = engines.s3.endpoint;
  return {
    dist,
    home,
    ports: portNumbers(ports),
    urls: {
      s3,
      kafkaBrokers: engines.kafka.endpoint.brokers,
      redis: engines.valkey.endpoint.url,
      stackAgent: `http://127.0.0.1:${ports['stack-agent'].port}`,
      postgresOf: (role) => databaseUrl(engines.postgres.endpoint, coreDatabase, role, passwords[role]),
    },
    s3Credentials: { accessKeyId, secretAccessKey },
    secrets: {
      stackAgent: secrets['platform/stack-agent'],
      identityAdmin: secrets['platform/identity-admin'],
      operatorClient: secrets['platform/operator-client'],
      operatorPassword: secrets['platform/operator-password'],
      cursorKey: secrets['platform/cursor-key'],
    },
  };
}

const portNumbers = (ports: HeldPorts): Surroundings['ports'] => ({
  gateway: ports.gateway.port,
  grpc: ports.grpc.port,
  issuer: ports.issuer.port,
  'enterprise-info': ports['enterprise-info'].port,
  core: ports.core.port,
  predict: ports.predict.port,
  'predict-grpc': ports['predict-grpc'].port,
  'predict-registry': ports['predict-registry'].port,
});

/** What `endpoints.json` says. */
export function endpointsOf(
  home: Home,
  around: Surroundings,
  engines: CoreEngines,
  controlUrl: string,
  startedAt: string,
): Endpoints {
  const at = ({ host, port }: { readonly host: string; readonly port: number }): string => `${host}:${port}`;
  return {
    gateway: `http://127.0.0.1:${around.ports.gateway}`,
    grpc: `127.0.0.1:${around.ports.grpc}`,
    issuer: issuerUrl(around),
    kafka: around.urls.kafkaBrokers,
    postgres: at(engines.postgres.endpoint),
    mongodb: at(engines.document.endpoint),
    redis: at(engines.valkey.endpoint),
    s3: around.urls.s3,
    audience: apiAudience,
    operator: { clientId: operatorClientId, secretFile: secretFile(home.secrets, 'platform/operator-client') },
    control: { url: controlUrl, tokenFile: secretFile(home.secrets, 'platform/control') },
    pid: process.pid,
    startedAt,
  };
}
