import { join } from 'node:path';
import type { CoreEnv } from '../../src/contracts/env/core-env';
import type { EnterpriseInfoEnv } from '../../src/contracts/env/enterprise-info-env';
import type { GatewayEnv } from '../../src/contracts/env/gateway-env';
import type { IssuerEnv } from '../../src/contracts/env/issuer-env';
import type { PredictEnv, PredictRegistryEnv } from '../../src/contracts/env/predict-env';
import type { AgentDriverEnv } from '../../src/contracts/env/tenant-driver-env';
import type { ProcessSpec } from '../engines/engine';
import { askPort } from '../engines/probe';

/** Variables of one service as text; a name that its contract does not have does not compile. */
type Text<E> = Readonly<Partial<Record<keyof E, string>>>;

/** What the services are told about the platform around them. */
export type Surroundings = {
  /** Folder of the bundled entry points. */
  readonly dist: string;
  readonly home: { readonly dir: string; readonly secrets: string; readonly issuer: string; readonly run: string };
  readonly ports: Readonly<Record<ServicePort, number>>;
  readonly urls: {
    readonly kafkaBrokers: string;
    readonly s3: string;
    readonly redis: string;
    readonly stackAgent: string;
    readonly postgresOf: (role: 'enterprise_info' | 'core' | 'predict') => string;
  };
  readonly s3Credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly secrets: {
    readonly stackAgent: string;
    readonly identityAdmin: string;
    readonly operatorClient: string;
    readonly operatorPassword: string;
    readonly cursorKey: string;
  };
};
export type ServicePort =
  | 'gateway'
  | 'grpc'
  | 'issuer'
  | 'enterprise-info'
  | 'core'
  | 'predict'
  | 'predict-grpc'
  | 'predict-registry';

/** Processes of our own code; everything else that is kept running is an engine. */
export const serviceNames = ['gateway', 'issuer', 'enterprise-info', 'core', 'predict', 'predict-registry'] as const;

export const buckets = { models: 'kolate-models', exports: 'kolate-exports' } as const;

const url = (port: number): string => `http://127.0.0.1:${port}`;

type ServiceOptions = {
  readonly name: ServicePort;
  readonly main: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly heap: Heap;
};

type Heap = {
  /** Upper bound of the JavaScript heap; what a service keeps outside of it comes on top. */
  readonly mb: number;
  /** A third of what its young generation may grow to. Kept small: whatever it has grown to it keeps, and Node lets it grow to 16. */
  readonly semiSpaceMb?: number;
  /** What its old generation grows to before it is collected for the first time: only a bound, taken when it is needed. */
  readonly initialOldMb?: number;
};

/**
 * Requests that wait for their micro-batch outlive a small young generation, and are copied for it. Of what little gets old,
 * Node would collect 6 MB every few seconds, and each time stand still for 10 to 20 ms.
 */
export const predictHeap: Heap = { mb: 512, semiSpaceMb: 32, initialOldMb: 64 };

export const heapArgs = ({ mb, semiSpaceMb = 4, initialOldMb }: Heap): string[] => [
  `--max-old-space-size=${mb}`,
  `--max-semi-space-size=${semiSpaceMb}`,
  ...(initialOldMb === undefined ? [] : [`--initial-old-space-size=${initialOldMb}`]),
];

/** Code that was compiled by an earlier run is loaded as it is: a third less work for each process that starts. */
const ofNode = (dir: string) => ({ HOME: dir, NODE_COMPILE_CACHE: join(dir, 'compiled') });

function serviceSpec({ dist, home, ports }: Surroundings, { name, main, env, heap }: ServiceOptions): ProcessSpec {
  const port = ports[name];
  return {
    name,
    command: process.execPath,
    args: [...heapArgs(heap), '--enable-source-maps', join(dist, main)],
    env: Object.fromEntries(
      Object.entries({ ...env, ...ofNode(home.dir), KOLATE_PORT: String(port) }).flatMap(([key, value]) =>
        value === undefined ? [] : [[key, value]],
      ),
    ),
    cwd: home.run,
    stopSignal: 'SIGTERM',
    ready: async () => (await askPort(port, 'GET /readyz HTTP/1.0\r\n\r\n', 3_000)).startsWith('HTTP/1.1 200'),
    readyTimeoutMs: 60_000,
    // Not `/readyz`: a service whose dependency is away is no better after a start.
    alive: async () => (await askPort(port, 'GET /healthz HTTP/1.0\r\n\r\n', 5_000)).startsWith('HTTP/1.1 '),
  };
}

export const issuerUrl = (around: Pick<Surroundings, 'ports'>): string => url(around.ports.issuer);

export function issuerSpec(around: Surroundings): ProcessSpec {
  const env: Text<IssuerEnv> = {
    KOLATE_ISSUER_URL: issuerUrl(around),
    KOLATE_ISSUER_DATA: around.home.issuer,
    KOLATE_IDENTITY_ADMIN_TOKEN: around.secrets.identityAdmin,
    KOLATE_OPERATOR_CLIENT_SECRET: around.secrets.operatorClient,
    KOLATE_OPERATOR_PASSWORD: around.secrets.operatorPassword,
  };
  return serviceSpec(around, { name: 'issuer', main: 'local/issuer/main.js', env, heap: { mb: 96 } });
}

export function gatewaySpec(around: Surroundings): ProcessSpec {
  const { ports } = around;
  const env: Text<GatewayEnv> = {
    KOLATE_ISSUER_URL: issuerUrl(around),
    KOLATE_GRPC_PORT: String(ports.grpc),
    KOLATE_REDIS_URL: around.urls.redis,
    KOLATE_ENTERPRISE_INFO_URL: url(ports['enterprise-info']),
    KOLATE_CORE_URL: url(ports.core),
    KOLATE_PREDICT_URL: url(ports.predict),
    KOLATE_PREDICT_GRPC_ADDRESS: `127.0.0.1:${ports['predict-grpc']}`,
    KOLATE_PREDICT_REGISTRY_URL: url(ports['predict-registry']),
  };
  return serviceSpec(around, { name: 'gateway', main: 'local/gateway/main.js', env, heap: { mb: 192 } });
}

/** The S3 client reads its credentials from the variables that AWS gives them in. */
const storage = ({ urls, s3Credentials }: Surroundings) => ({
  KOLATE_S3_ENDPOINT: urls.s3,
  AWS_ACCESS_KEY_ID: s3Credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: s3Credentials.secretAccessKey,
});

export function serviceSpecs(around: Surroundings): ProcessSpec[] {
  const { ports, urls, secrets, home } = around;
  const shared = { KOLATE_ISSUER_URL: issuerUrl(around), KOLATE_KAFKA_BROKERS: urls.kafkaBrokers };
  const fileSecrets = `files:${home.secrets}`;
  const core: Text<CoreEnv> = { ...shared, KOLATE_POSTGRES_URL: urls.postgresOf('core') };
  const enterpriseInfo: Text<EnterpriseInfoEnv & AgentDriverEnv> = {
    ...shared,
    ...storage(around),
    KOLATE_POSTGRES_URL: urls.postgresOf('enterprise_info'),
    KOLATE_SECRETS: fileSecrets,
    KOLATE_TENANT_DRIVER: 'agent',
    KOLATE_STACK_AGENT_URL: urls.stackAgent,
    KOLATE_STACK_AGENT_TOKEN: secrets.stackAgent,
    KOLATE_IDENTITY_ADMIN_URL: `${issuerUrl(around)}/admin`,
    KOLATE_IDENTITY_ADMIN_TOKEN: secrets.identityAdmin,
    KOLATE_EXPORTS_BUCKET: buckets.exports,
    KOLATE_MODELS_BUCKET: buckets.models,
    KOLATE_CURSOR_KEYS: secrets.cursorKey,
  };
  const predictCommon = {
    ...shared,
    ...storage(around),
    KOLATE_POSTGRES_URL: urls.postgresOf('predict'),
    KOLATE_SECRETS: fileSecrets,
    KOLATE_MODELS_BUCKET: buckets.models,
  };
  const predict: Text<PredictEnv> = {
    ...predictCommon,
    KOLATE_GRPC_PORT: String(ports['predict-grpc']),
    KOLATE_QUARANTINE_FILE: join(home.dir, 'quarantine.json'),
  };
  const registry: Text<PredictRegistryEnv> = { ...predictCommon, KOLATE_CURSOR_KEYS: secrets.cursorKey };
  return [
    serviceSpec(around, { name: 'core', main: 'src/services/core/main.js', env: core, heap: { mb: 128 } }),
    serviceSpec(around, {
      name: 'enterprise-info',
      main: 'src/services/enterprise-info/main.js',
      env: enterpriseInfo,
      heap: { mb: 160 },
    }),
    serviceSpec(around, { name: 'predict', main: 'src/services/predict/main.js', env: predict, heap: predictHeap }),
    serviceSpec(around, {
      name: 'predict-registry',
      main: 'src/services/predict/registry-main.js',
      env: registry,
      heap: { mb: 160 },
    }),
  ];
}
