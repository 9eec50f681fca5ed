import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceProcesses } from './service-processes';

/** Where a driver makes the stacks of tenants in `dedicated`, as a test looks at it from outside. */
export type StackHome = {
  /** What enterprise-info is told besides, to use this driver. */
  readonly env: Readonly<Record<string, string>>;
  isBeingMade(tenantId: string): Promise<boolean>;
  /** Lets the engines of a stack come up, where they do not by themselves. */
  bringUp(tenantId: string): Promise<void>;
  /** Everything that was ever done to the tenant's stack, and every stack that it has. */
  historyOf(tenantId: string): Promise<unknown>;
  /** The history of a tenant with one stack that was made once. */
  readonly oneStack: unknown;
  /** Every secret of the tenant by its name. */
  secretsOf(tenantId: string): Promise<Readonly<Record<string, string>>>;
};

/** The agent of one machine: engines are processes, secrets are files. */
export function openAgentHome({ agent, secretsFolder }: ServiceProcesses): StackHome {
  const recordsOf = async (tenantId: string): Promise<string[]> =>
    (await readdir(join(agent.home, 'stacks')).catch(() => [])).filter((name) => name.includes(tenantId));
  return {
    env: {},
    isBeingMade: async (tenantId) => (await recordsOf(tenantId)).length > 0,
    bringUp: async () => undefined,
    async historyOf(tenantId) {
      const records = await recordsOf(tenantId);
      const processes = (await agent.processes().status()).filter(({ name }) => name.includes(tenantId));
      return { stacks: records.length, restarts: processes.map(({ restarts }) => restarts) };
    },
    oneStack: { stacks: 1, restarts: [0, 0, 0, 0] },
    async secretsOf(tenantId) {
      const folder = join(secretsFolder, 'tenant', tenantId);
      const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.secret')).sort();
      const read = async (file: string) =>
        [file.replace(/\.secret$/, ''), await readFile(join(folder, file), 'utf8')] as const;
      return Object.fromEntries(await Promise.all(files.map(read)));
    },
  };
}
