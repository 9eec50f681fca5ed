import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ProcessSpec } from '../../local/engines/engine';
import { createKafkaEngine } from '../../local/engines/kafka-engine';
import { type RunningProcess, startProcess } from '../../local/engines/spawn-process';
import { type Surroundings, serviceSpecs } from '../../local/supervisor/service-specs';
import { allTopics } from '../../src/contracts/topics';
import { createKafka, type Kafka } from '../../src/platform/kafka/create-kafka';
import { testS3 } from './engines';
import { leaveGroups } from './leave-groups';
import { coreDatabase, createTestLog, quickBackoff } from './messaging';
import { createOwnEngines } from './own-engines';
import { startStackAgent } from './stack-agent';
import { adminToken, startIssuer } from './start-issuer';
import type { Victim } from './step-gate';

const root = resolve(__dirname, '../..');
type Text = Readonly<Record<string, string>>;

/**
 * Core and enterprise-info as processes of their own, from the bundles and with the arguments that the supervisor starts
 * them with, on a Kafka of their own: their topics and groups have fixed names.
 */
export async function createServiceProcesses() {
  execFileSync(process.execPath, [resolve(root, 'scripts/build.mjs')], { stdio: 'inherit', timeout: 120_000 });
  const own = createOwnEngines();
  const kafkaEngine = createKafkaEngine({
    ...(await own.place('kafka')),
    durable: false,
    controllerPort: await own.port(),
  });
  const [database, agent, s3, issuer] = await Promise.all([
    coreDatabase(),
    startStackAgent(),
    testS3(),
    startIssuer(),
    own.start(kafkaEngine),
  ]);
  const brokers = kafkaEngine.endpoint.brokers;
  const { log } = createTestLog();
  const kafka: Kafka = createKafka({ brokers: [brokers], clientId: 'test', log, backoff: quickBackoff });
  await kafka.ensureTopics(allTopics().map((topic) => ({ ...topic, partitions: 2 })));
  const folder = (name: string): string => join(own.home, name);
  for (const name of ['secrets', 'run', 'logs']) await mkdir(folder(name), { mode: 0o700 });
  const around = await surroundings();
  const specs = new Map(serviceSpecs(around).map((spec) => [spec.name, spec]));
  const running = new Map<Victim, RunningProcess>();

  async function surroundings(): Promise<Surroundings> {
    const port = () => own.port();
    return {
      dist: join(root, 'dist'),
      home: { dir: own.home, secrets: folder('secrets'), issuer: folder('issuer'), run: folder('run') },
      ports: {
        ...{ gateway: 0, grpc: 0, predict: 0, 'predict-grpc': 0, 'predict-registry': 0 },
        issuer: Number(new URL(issuer.issuer).port),
        ...{ 'enterprise-info': await port(), core: await port() },
      },
      urls: {
        ...{ kafkaBrokers: brokers, s3: s3.endpoint, redis: '', stackAgent: agent.url },
        postgresOf: (role) => `${database.url}?options=-c%20role%3D${role}`,
      },
      s3Credentials: s3,
      secrets: {
        ...{ stackAgent: agent.token, identityAdmin: adminToken, operatorClient: '', operatorPassword: '' },
        cursorKey: 'key-of-cursors-in-tests-of-32-chars',
      },
    };
  }

  const api = `http://127.0.0.1:${around.ports['enterprise-info']}`;
  const kill = async (name: Victim): Promise<void> => {
    const one = running.get(name);
    if (!one) return;
    running.delete(name);
    process.kill(one.pid, 'SIGKILL');
    await one.exited;
  };
  return {
    ...{ database, agent, issuer, kafka, brokers, own },
    secretsFolder: around.home.secrets,
    async start(name: Victim, env: Text = {}): Promise<void> {
      const spec = specs.get(name) as ProcessSpec;
      const files = { pidFile: join(around.home.run, `${name}.pid`), logFile: join(folder('logs'), `${name}.jsonl`) };
      running.set(name, await startProcess({ ...spec, env: { ...spec.env, ...env } }, files));
    },
    /** kill -9; whoever is started next need not wait until its sessions have timed out. */
    async kill(name: Victim): Promise<void> {
      await kill(name);
      await leaveGroups(brokers, name);
    },
    linesOf: (name: Victim): readonly string[] => running.get(name)?.lastLines() ?? [],
    async call(method: 'GET' | 'POST', path: string, body?: object) {
      const headers = {
        authorization: `Bearer ${await issuer.operatorToken()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      };
      const answer = await fetch(api + path, { method, headers, body: body && JSON.stringify(body) });
      return { status: answer.status, body: JSON.parse(await answer.text()) };
    },
    async close(): Promise<void> {
      await kill('core');
      await kill('enterprise-info');
      await kafka.close();
      await agent.close();
      await issuer.remove();
      await database.drop();
      await own.end();
    },
  };
}
export type ServiceProcesses = Awaited<ReturnType<typeof createServiceProcesses>>;
