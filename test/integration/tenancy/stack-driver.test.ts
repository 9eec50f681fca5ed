import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createAgentStackDriver } from '../../../src/platform/tenancy/create-agent-stack-driver';
import { createFakeStackDriver } from '../../../src/platform/tenancy/tenant-stack-driver.fake';
import { startStackAgent } from '../../helpers/stack-agent';
import { describeStackDriver, newStackSpec } from '../../helpers/stack-driver-contract';
import { until } from '../../helpers/until';

const inMemory = createFakeStackDriver();
describeStackDriver('in memory', () => inMemory, ['pool', 'dedicated']);

describe('the stack agent', () => {
  let agent: Awaited<ReturnType<typeof startStackAgent>>;
  beforeAll(async () => {
    agent = await startStackAgent();
  });
  afterAll(() => agent.close());

  describeStackDriver('the agent of one machine', () => agent.driver, ['pool', 'dedicated']);

  it('says what it would run for a tenant of each tier, and runs nothing', async () => {
    const before = await agent.processes().status();
    const [pool, dedicated, sharded] = await Promise.all([
      agent.driver.plan('pool'),
      agent.driver.plan('dedicated'),
      agent.driver.plan('dedicated', 4),
    ]);
    expect(pool?.resources.map(({ where }) => where)).toEqual(expect.arrayContaining(['the shared PostgreSQL']));
    const processes = dedicated?.resources.filter(({ kind }) => kind.includes('process')) ?? [];
    expect(processes.map(({ name }) => name).sort()).toEqual(
      ['document', 'document-postgres', 'postgres', 'valkey'].map((part) => `tenant-<tenant id>-dedicated-${part}`),
    );
    expect(sharded?.resources.find(({ kind }) => kind === 'PostgreSQL process')?.count).toBe(4);
    for (const plan of [pool, dedicated]) {
      expect(plan?.cost).toEqual({ usdPerMonth: 0, note: 'no cost: runs on this machine' });
    }
    expect(await agent.processes().status()).toEqual(before);
  });

  it('plans what it really runs', async () => {
    const spec = newStackSpec('dedicated');
    await agent.driver.apply(spec);
    const running = (await agent.processes().status())
      .map(({ name }) => name)
      .filter((name) => name.startsWith(spec.name));
    const planned = (await agent.driver.plan('dedicated'))?.resources
      .filter(({ kind }) => kind.includes('process'))
      .map(({ name }) => name.replace('<tenant id>', spec.tenantId));
    expect(planned?.sort()).toEqual(running.sort());
    await agent.driver.destroy(spec.name);
  });

  it('refuses to plan what it cannot build', async () => {
    for (const plan of [agent.driver.plan('shared-cell'), agent.driver.plan('pool', 2)]) {
      await expect(plan).rejects.toMatchObject({ code: 'KLT_TIER_UNAVAILABLE' });
    }
  });

  it('lets nobody in without its token', async () => {
    const stranger = createAgentStackDriver({ url: agent.url, token: 'some-other-token-than-its' });
    await expect(stranger.describe('tenant-x')).rejects.toMatchObject({ code: 'KLT_TOKEN_INVALID' });
    await expect(stranger.destroy('tenant-x')).rejects.toMatchObject({ code: 'KLT_TOKEN_INVALID' });
  });

  it('says so when the agent is away', async () => {
    const nobody = createAgentStackDriver({ url: 'http://127.0.0.1:9', token: 'a-token-of-the-stack-agent' });
    await expect(nobody.describe('tenant-x')).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
  });

  it('refuses a stack of that name for another tenant', async () => {
    const spec = newStackSpec('pool');
    await agent.driver.apply(spec);
    const other = { ...newStackSpec('pool'), name: spec.name };
    await expect(agent.driver.apply(other)).rejects.toMatchObject({ code: 'KLT_PROVISION_FAILED' });
    await agent.driver.destroy(spec.name);
  });

  it('does not change the number of shards of a stack that is there', async () => {
    const spec = newStackSpec('dedicated');
    await agent.driver.apply(spec);
    const more = agent.driver.apply({ ...spec, shards: 2, requestToken: 'another' });
    await expect(more).rejects.toMatchObject({ code: 'KLT_PROVISION_FAILED' });
    expect((await agent.driver.describe(spec.name))?.endpoints.shards).toBeUndefined();
    await agent.driver.destroy(spec.name);
  });

  it('keeps its records for the owner alone', async () => {
    const spec = newStackSpec('dedicated');
    await agent.driver.apply(spec);
    const folder = join(agent.home, 'stacks');
    const file = join(folder, `${spec.name}.stack.json`);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    // Tenants' own passwords are the secret store's to keep.
    expect(await readFile(file, 'utf8')).not.toContain(spec.credentials.postgres);
    await agent.driver.destroy(spec.name);
    expect(await readdir(join(agent.home, 'data'))).toEqual([]);
  });

  it('starts a dedicated stack again where it was, when it comes back itself', async () => {
    const spec = newStackSpec('dedicated');
    const before = await agent.driver.apply(spec);
    await agent.restart();
    expect(await agent.driver.describe(spec.name)).toEqual(before);
    const status = await agent.processes().status();
    expect(status.filter(({ name }) => name.startsWith(spec.name)).map(({ healthy }) => healthy)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    await agent.driver.destroy(spec.name);
  });
});

describe('spare data folders', () => {
  let agent: Awaited<ReturnType<typeof startStackAgent>>;
  beforeAll(async () => {
    agent = await startStackAgent({ spareDelayMs: 0 });
  });
  afterAll(() => agent.close());
  const folders = async () => (await readdir(join(agent.home, 'data'))).filter((name) => name.startsWith('spare-'));
  const kept = () => readFile(join(agent.home, 'stacks', 'spare.json'), 'utf8').catch(() => undefined);

  it('are made after a stack, kept over a restart, and become the next stack’s', async () => {
    const [first, second] = [newStackSpec('dedicated'), newStackSpec('dedicated')];
    await agent.driver.apply(first);
    const spare = JSON.parse(await until(kept));
    expect(await folders()).toEqual([`spare-${spare.id}`]);
    await mkdir(join(agent.home, 'data', 'spare-unfinished'));
    await agent.restart();
    expect(await folders()).toEqual([`spare-${spare.id}`]);
    const stack = await agent.driver.apply(second);
    expect(await folders()).not.toContain(`spare-${spare.id}`);
    const record = JSON.parse(await readFile(join(agent.home, 'stacks', `${second.name}.stack.json`), 'utf8'));
    expect(record.engines.passwords).toMatchObject(spare.passwords);
    expect(stack.endpoints.postgres.port).toBe(record.engines.ports.postgres);
    // Nobody else’s: the first stack has passwords of its own.
    const other = JSON.parse(await readFile(join(agent.home, 'stacks', `${first.name}.stack.json`), 'utf8'));
    expect(other.engines.passwords.postgres).not.toBe(spare.passwords.postgres);
    await agent.restart();
    expect(await agent.driver.describe(second.name)).toEqual(stack);
    await Promise.all([agent.driver.destroy(first.name), agent.driver.destroy(second.name)]);
  });
});
