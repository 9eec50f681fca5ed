import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findEnginePaths } from '../../local/engines/engine-paths';
import { makeOwnedFolder } from '../../local/engines/owned-folder';
import { createProcessManager } from '../../local/supervisor/process-manager';
import { createStackAgent, type StackAgent } from '../../local/tenant-stacks/create-stack-agent';
import { createAgentStackDriver } from '../../src/platform/tenancy/create-agent-stack-driver';
import { testSharedEngines } from './engines';

const token = 'a-token-of-the-stack-agent';

/** A stack agent over the shared test engines, with a driver on it. `restart` is what a killed supervisor comes back as. */
export async function startStackAgent({ spareDelayMs = 3_600_000 } = {}) {
  const home = makeOwnedFolder('kolate-stacks-');
  const dirs = { pidDir: join(home, 'run'), logDir: join(home, 'logs'), dataDir: join(home, 'data') };
  await Promise.all(Object.values(dirs).map((dir) => mkdir(dir, { mode: 0o711 })));
  const shared = await testSharedEngines();
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);

  const start = async () => {
    const processes = createProcessManager({ ...dirs, say });
    const agent: StackAgent = createStackAgent({
      ...{ processes, shared, token, say, dataDir: dirs.dataDir, recordDir: join(home, 'stacks') },
      paths: findEnginePaths(),
      durable: false,
      spareDelayMs,
    });
    await agent.restoreAll();
    const url = `http://127.0.0.1:${await agent.listen(0)}`;
    return { processes, agent, url, driver: createAgentStackDriver({ url, token }) };
  };
  let running = await start();
  const stop = async (): Promise<void> => {
    await running.agent.close();
    await running.processes.stopKind('tenant');
  };
  return {
    home,
    said,
    token,
    get driver() {
      return running.driver;
    },
    get url() {
      return running.url;
    },
    processes: () => running.processes,
    async restart(): Promise<void> {
      await stop();
      running = await start();
    },
    async close(): Promise<void> {
      await stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

const password = (): string => randomBytes(24).toString('base64url');
export const newCredentials = () => ({
  postgres: password(),
  mongo: password(),
  redis: password(),
  redisMaintenance: password(),
});
