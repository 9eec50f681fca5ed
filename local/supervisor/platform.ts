import { rm } from 'node:fs/promises';
import { writePrivateJson } from '../../cli/private-file';
import type { Endpoints, PlatformStatus, ProcessStatus } from '../../src/contracts/home';
import { operatorClientId } from '../../src/contracts/identity-admin';
import { apiAudience } from '../../src/contracts/scopes';
import type { Logger } from '../../src/platform/logging/create-logger';
import type { EnginePaths } from '../engines/engine';
import { type ControlServer, startControlServer } from './control-server';
import { type CoreEngines, coreEngineNames, createCoreEngines } from './core-engines';
import type { Home } from './home';
import { ensureHomeSecrets, type HomeSecrets, secretFile } from './home-secrets';
import { createHomeState } from './home-state';
import { endLeftovers } from './leftovers';
import { type HeldPorts, holdPorts } from './ports';
import { type CoreRole, coreDatabase, databaseUrl } from './prepare-core';
import { createProcessManager, type ProcessManager } from './process-manager';
import { ownMemory } from './process-memory';
import { gatewaySpec, issuerSpec, issuerUrl, type Surroundings, serviceSpecs } from './service-specs';
import { allOrFirstFailure, startEngines } from './start-engines';
import type { Steps } from './steps';

export type PlatformOptions = {
  readonly home: Home;
  readonly gatewayPort: number;
  readonly paths: EnginePaths;
  /** Folder of the bundled entry points. */
  readonly dist: string;
  /** Of the core database. */
  readonly migrations: string;
  readonly steps: Steps;
  readonly log: Logger;
  /** Ends a start that is under way, and the platform. */
  readonly signal: AbortSignal;
};

export type Platform = {
  readonly endpoints: Endpoints;
  status(): Promise<PlatformStatus>;
  /** Drains and ends everything: what takes requests first, engines last. */
  stop(): Promise<void>;
};

/**
 * Brings a whole platform up, parts side by side where they do not need each other, and writes `endpoints.json` when
 * everything is ready. What was started is stopped again when a part fails.
 * @throws PortTaken, or the first failure
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { home, steps } = options;
  const startedAt = new Date().toISOString();
  await rm(home.endpoints, { force: true });
  const ended = await endLeftovers(home.run, coreEngineNames);
  if (ended.length > 0) steps.line(`ended what an earlier run had left: ${ended.join(', ')}`);
  const ports = await holdPorts(options.gatewayPort, createHomeState(home.state));
  const secrets = await ensureHomeSecrets(home.secrets);
  const manager = createProcessManager({ pidDir: home.run, logDir: home.logs, say: steps.line });
  let ready = false;
  const status = async (): Promise<PlatformStatus> => {
    const processes = [supervisorStatus(startedAt), ...(await manager.status())];
    const memoryBytes = processes.reduce((sum, each) => sum + (each.memoryBytes ?? 0), 0);
    return { home: home.dir, pid: process.pid, startedAt, ready, memoryBytes, processes };
  };
  const engines = createCoreEngines(home, ports, secrets, options.paths);
  const control = await startControlServer(secrets['platform/control'], status);
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    manager.refuseStarts();
    stopping ??= stopAll(manager, control, home);
    return stopping;
  };
  options.signal.addEventListener('abort', () => void stop());
  try {
    const around = surroundingsOf(options, ports, secrets, engines);
    await startAll({ ...options, manager, engines, ports, secrets, around });
    const endpoints = endpointsOf(home, around, engines, control.url, startedAt);
    ready = true;
    await writePrivateJson(home.endpoints, endpoints);
    return { endpoints, status, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const supervisorStatus = (startedAt: string): ProcessStatus => ({
  name: 'supervisor',
  kind: 'supervisor',
  state: 'ready',
  healthy: true,
  restarts: 0,
  pid: process.pid,
  memoryBytes: ownMemory(process.pid),
  startedAt,
});

type Starting = PlatformOptions & {
  readonly manager: ProcessManager;
  readonly engines: CoreEngines;
  readonly ports: HeldPorts;
  readonly secrets: HomeSecrets;
  readonly around: Surroundings;
};

async function startAll(starting: Starting): Promise<void> {
  const { manager, ports, steps, around } = starting;
  const issuer = steps.step('issuer', async () => {
    await ports.issuer.release();
    await manager.start({ spec: issuerSpec(around), kind: 'issuer', port: ports.issuer.port });
  });
  await allOrFirstFailure([startEngines(starting), issuer]);
  await Promise.all([ports['predict-grpc'].release(), ports.grpc.release()]);
  const services = serviceSpecs(around).map((spec) =>
    steps.step(spec.name, async () => {
      const { port, release } = ports[spec.name as keyof HeldPorts];
      await release();
      await manager.start({ spec, kind: 'service', port });
    }),
  );
  const gateway = steps.step('gateway', async () => {
    await ports.gateway.release();
    await manager.start({ spec: gatewaySpec(around), kind: 'gateway', port: ports.gateway.port });
  });
  await allOrFirstFailure([...services, gateway]);
}

async function stopAll(manager: ProcessManager, control: ControlServer, home: Home): Promise<void> {
  await rm(home.endpoints, { force: true });
  await manager.stopKind('gateway');
  await manager.stopKind('service', { deadlineMs: 15_000 });
  await manager.stopKind('issuer');
  await manager.stopKind('tenant', { deadlineMs: 15_000 });
  await manager.stopKind('engine', { deadlineMs: 20_000, last: ['document-postgres'] });
  await control.close();
}

function surroundingsOf(
  { home, dist }: PlatformOptions,
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

function endpointsOf(
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
