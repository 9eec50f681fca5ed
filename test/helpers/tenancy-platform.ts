import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import type { Operation } from '../../src/contracts/http/operations';
import { allTopics } from '../../src/contracts/topics';
import { createPostgres } from '../../src/platform/postgres/create-postgres';
import { readMigrations } from '../../src/platform/postgres/migrate';
import { createBlobStore } from '../../src/platform/storage/create-blob-store';
import { createTenancy } from '../../src/platform/tenancy/create-tenancy';
import type { TenantStackDriver } from '../../src/platform/tenancy/tenant-stack-driver';
import { startSagas } from '../../src/services/core/sagas/create-sagas';
import { createSteps } from '../../src/services/enterprise-info/provisioning/create-steps';
import { startProvisioning } from '../../src/services/enterprise-info/provisioning/start-provisioning';
import { testS3 } from './engines';
import { newTenantBody, startEnterpriseInfo } from './enterprise-info';
import { createTestLog, kafkaForTest, quickBackoff } from './messaging';
import { startStackAgent } from './stack-agent';
import { until } from './until';

type Options = {
  /** Puts something before the agent's driver. */
  readonly wrap?: (driver: TenantStackDriver) => TenantStackDriver;
  /** A further migration of tenants' databases. */
  readonly migration?: string;
  /** @default - those of one machine */
  readonly tiers?: readonly string[];
};

/** Enterprise-info and core at work on real engines, in this process. */
export async function startTenancyPlatform(options: Options = {}) {
  const { wrap = (driver) => driver, migration, tiers = ['pool', 'dedicated'] } = options;
  const { log, lines } = createTestLog();
  const [info, agent, s3] = await Promise.all([startEnterpriseInfo(tiers), startStackAgent(), testS3()]);
  const storage = { region: s3.region, endpoint: s3.endpoint, credentials: s3 };
  const exports = createBlobStore({ ...storage, bucket: await s3.createBucket() });
  const models = createBlobStore({ ...storage, bucket: await s3.createBucket() });
  const sagaPostgres = createPostgres('core', { url: `${info.database.url}?options=-c%20role%3Dcore`, name: 'sagas' });
  const kafka = await kafkaForTest(log, `tenancy-${randomUUID().slice(0, 8)}.`);
  await kafka.ensureTopics(allTopics().map((topic) => ({ ...topic, partitions: 2 })));
  const metrics = new Registry();
  const common = { kafka, log, backoff: quickBackoff };
  const steps = createSteps({
    ...{ core: info.core, secrets: info.secrets, directory: info.directory, exports, models, log },
    driver: wrap(agent.driver),
    migrations: [
      ...(await readMigrations(`${__dirname}/../../migrations/tenant`)),
      ...(migration === undefined ? [] : [{ name: '9999-test.sql', text: migration, sha256: 'of the test' }]),
    ],
    availableTiers: tiers,
  });
  const startWork = () => startProvisioning({ ...common, core: info.core, steps, directory: info.directory, metrics });
  const sagas = await startSagas({ ...common, postgres: sagaPostgres, metrics: new Registry() });
  let work = await startWork();
  const tenancy = createTenancy({ core: info.core, secrets: info.secrets, name: 'test', placementMs: 0 });

  const operation = async (id: string): Promise<Operation> => (await info.call('GET', `/v1/operations/${id}`)).body;
  /** The operation once it has ended. */
  const ended = async (id: string, timeoutMs = 40_000): Promise<Operation> => {
    const over = ['succeeded', 'failed', 'cancelled'];
    await until(async () => over.includes((await operation(id)).status), timeoutMs).catch(async (error: unknown) => {
      throw new Error(`${error}\n${JSON.stringify(await operation(id), null, 1)}\n${lines.slice(-20).join('')}`);
    });
    return operation(id);
  };
  return {
    ...{ info, agent, exports, models, tenancy, lines, ended, operation, kafka },
    /** Asks for it and waits for its end. */
    async run(method: 'POST' | 'DELETE', url: string, body?: unknown): Promise<Operation> {
      const { status, body: answer } = await info.call(method, url, { body });
      if (status !== 202) throw new Error(`${method} ${url} → ${status} ${JSON.stringify(answer)}`);
      return ended(answer.operationId);
    },
    async onboard(change: Record<string, unknown> = {}) {
      const body = newTenantBody(change);
      const operation = await this.run('POST', '/v1/tenants', body);
      return { id: operation.tenantId, slug: String(body.slug), operation };
    },
    /** What runs the steps ends and begins again, as when its process does. */
    async restartWork(): Promise<void> {
      await work.close();
      work = await startWork();
    },
    async close(): Promise<void> {
      await tenancy.close();
      await work.close();
      await sagas.close();
      await kafka.close();
      await sagaPostgres.close();
      exports.close();
      models.close();
      await info.close();
      await agent.close();
    },
  };
}
export type TenancyPlatform = Awaited<ReturnType<typeof startTenancyPlatform>>;

export const statusesOf = ({ steps }: Operation): Record<string, string> =>
  Object.fromEntries(steps.map(({ name, status }) => [name, status]));
