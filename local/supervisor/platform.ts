import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivateJson } from '../../cli/private-file';
import type { Endpoints, PlatformStatus, ProcessStatus } from '../../src/contracts/home';
import type { Logger } from '../../src/platform/logging/create-logger';
import type { EnginePaths } from '../engines/engine';
import { createStackAgent, type StackAgent } from '../tenant-stacks/create-stack-agent';
import { type ControlServer, startControlServer } from './control-server';
import { type CoreEngines, createCoreEngines } from './core-engines';
import type { GivenEngines } from './given-engines';
import type { Home } from './home';
import { ensureHomeSecrets, type HomeSecrets } from './home-secrets';
import { createHomeState } from './home-state';
import { endLeftovers, namesOrCount } from './leftovers';
import { type HeldPorts, holdPorts } from './ports';
import { createProcessManager, type ProcessManager } from './process-manager';
import { ownMemory } from './process-memory';
import { gatewaySpec, issuerSpec, type Surroundings, serviceNames, serviceSpecs } from './service-specs';
import { createSideBySide, type SideBySide } from './side-by-side';
import { startEngines } from './start-engines';
import type { Steps } from './steps';
import { endpointsOf, surroundingsOf } from './surroundings';

export type PlatformOptions = {
  readonly home: Home;
  readonly gatewayPort: number;
  readonly paths: EnginePaths;
  readonly given: GivenEngines;
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
  const ended = await endLeftovers(home.run, serviceNames);
  if (ended.length > 0) steps.line(`ended what an earlier run had left: ${namesOrCount(ended)}`);
  const ports = await holdPorts(options.gatewayPort, createHomeState(home.state));
  const secrets = await ensureHomeSecrets(home.secrets);
  const manager = createProcessManager({ pidDir: home.run, logDir: home.logs, say: steps.line });
  let ready = false;
  const status = async (): Promise<PlatformStatus> => {
    const processes = [supervisorStatus(startedAt), ...(await manager.status())];
    const memoryBytes = processes.reduce((sum, each) => sum + (each.memoryBytes ?? 0), 0);
    return { home: home.dir, pid: process.pid, startedAt, ready, memoryBytes, processes };
  };
  const engines = createCoreEngines({ ...options, ports, secrets });
  const agent = createAgent(options, engines, manager, secrets);
  const control = await startControlServer(secrets['platform/control'], status);
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    manager.refuseStarts();
    stopping ??= stopAll(manager, { agent, control }, home);
    return stopping;
  };
  options.signal.addEventListener('abort', () => void stop());
  try {
    const around = surroundingsOf(options, ports, secrets, engines);
    const all = createSideBySide(() => void stop());
    await startAll({ ...options, manager, agent, engines, ports, secrets, around, all });
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
  readonly agent: StackAgent;
  readonly engines: CoreEngines;
  readonly ports: HeldPorts;
  readonly secrets: HomeSecrets;
  readonly around: Surroundings;
  readonly all: SideBySide;
};

async function startAll(starting: Starting): Promise<void> {
  const { manager, agent, ports, steps, around } = starting;
  const restoreTenants = async (): Promise<void> => {
    await agent.restoreAll();
    await ports['stack-agent'].release();
    await agent.listen(ports['stack-agent'].port);
  };
  const issuer = steps.step('issuer', async () => {
    await ports.issuer.release();
    await manager.start({ spec: issuerSpec(around), kind: 'issuer', port: ports.issuer.port });
  });
  await starting.all([startEngines({ ...starting, restoreTenants }), issuer]);
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
  await starting.all([...services, gateway]);
}

type Servers = { readonly agent: StackAgent; readonly control: ControlServer };

async function stopAll(manager: ProcessManager, { agent, control }: Servers, home: Home): Promise<void> {
  await rm(home.endpoints, { force: true });
  await manager.stopKind('gateway');
  await manager.stopKind('service', { deadlineMs: 15_000 });
  await manager.stopKind('issuer');
  await agent.close();
  await manager.stopKind('tenant', { deadlineMs: 15_000 });
  await manager.stopKind('engine', { deadlineMs: 20_000, last: ['document-postgres'] });
  await control.close();
}

const createAgent = (
  { home, paths, steps }: PlatformOptions,
  engines: CoreEngines,
  processes: ProcessManager,
  secrets: HomeSecrets,
): StackAgent =>
  createStackAgent({
    dataDir: join(home.data, 'tenants'),
    recordDir: join(home.dir, 'stacks'),
    paths,
    processes,
    shared: {
      postgres: engines.postgres.endpoint,
      documentPostgres: engines.documentPostgres?.endpoint,
      document: engines.document.endpoint,
      valkey: engines.valkey.endpoint,
    },
    token: secrets['platform/stack-agent'],
    say: steps.line,
  });
