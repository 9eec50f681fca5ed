import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { Operation } from '../../../src/contracts/http/operations';
import { topics } from '../../../src/contracts/topics';
import { tenantOnboarding } from '../../../src/domain/sagas/tenant-onboarding';
import { openEmulatedHosts } from '../../helpers/emulated-hosts';
import { readTopic } from '../../helpers/messaging';
import { preparePython } from '../../helpers/python';
import { createServiceProcesses, type ServiceProcesses } from '../../helpers/service-processes';
import { openAgentHome, type StackHome } from '../../helpers/stack-home';
import { createStepGates, type Victim } from '../../helpers/step-gate';
import { until } from '../../helpers/until';

jest.setTimeout(180_000);

const steps = tenantOnboarding.steps.map(({ name }) => name);
const over: readonly string[] = ['succeeded', 'failed', 'cancelled'] satisfies Operation['status'][];

let processes: ServiceProcesses;
let gates: Awaited<ReturnType<typeof createStepGates>>;
type Topic = Awaited<ReturnType<typeof readTopic>>;
let facts: Topic;
let replies: Topic;

beforeAll(async () => {
  processes = await createServiceProcesses();
  gates = await createStepGates(processes.database.postgres);
  [facts, replies] = (await Promise.all(
    [topics.tenantLifecycle, topics.replyCore].map(({ name }) => readTopic(name, processes.brokers)),
  )) as [Topic, Topic];
  await processes.start('core');
});
afterAll(async () => {
  gates?.end();
  await Promise.all([facts, replies].map((topic) => topic?.close()));
  await processes?.close();
});

type Asked = { readonly tenantId: string; readonly operationId: string; readonly slug: string };

async function request(): Promise<Asked> {
  const slug = `t-${randomUUID().slice(0, 8)}`;
  const body = { slug, name: 'T', tier: 'dedicated', contact: 'a@b.example' };
  const { status, body: answer } = await processes.call('POST', '/v1/tenants', body);
  if (status !== 202) throw new Error(`the tenant was refused: ${JSON.stringify(answer)}`);
  return { tenantId: answer.tenantId, operationId: answer.operationId, slug };
}

const lines = () => [processes.linesOf('core'), processes.linesOf('enterprise-info')];

/** Kills the victim at each step, and once more while the stack is being made; each time a new process takes over. */
async function onboardWithKills(victim: Victim, home: StackHome): Promise<Asked & { readonly secrets: object }> {
  let kills = 0;
  const kill = async (then?: () => Promise<void>): Promise<void> => {
    await processes.kill(victim);
    await then?.();
    await processes.start(victim, home.env);
    kills += 1;
  };
  let gate = await gates.close(victim, 'reserve');
  const asked = await request();
  let secrets = {};
  const killWhileMade = async (): Promise<void> => {
    await until(() => home.isBeingMade(asked.tenantId), 40_000, lines);
    secrets = await home.secretsOf(asked.tenantId);
    await kill();
    await home.bringUp(asked.tenantId);
  };
  for (const [index, step] of steps.entries()) {
    if (step === 'provision' && victim === 'enterprise-info') await killWhileMade();
    await until(gate.isReached, 40_000, () => [step, lines()]);
    const before = gate;
    const next = steps[index + 1];
    await kill(async () => {
      if (next) gate = await gates.close(victim, next);
      await before.open();
    });
    if (step === 'provision' && victim === 'core') await killWhileMade();
  }
  expect(kills).toBe(steps.length + 1);
  return { ...asked, secrets };
}

async function outcomeOf({ operationId }: Asked): Promise<Operation> {
  const show = async (): Promise<Operation> => (await processes.call('GET', `/v1/operations/${operationId}`)).body;
  await until(async () => over.includes((await show()).status), 40_000, show);
  return show();
}

/** Distinct messages on `key`, in order: what is published twice has the same id. */
function messagesOn(key: string, { records }: Topic): { id: string; type: string; data: Record<string, unknown> }[] {
  const mine = records.filter((each) => each.key?.toString() === key);
  const distinct = new Map(mine.map((each) => [String(each.headers.ce_id), each]));
  return [...distinct].map(([id, { headers, value }]) => ({
    ...{ id, type: String(headers.ce_type) },
    data: JSON.parse(String(value)),
  }));
}

const { python, reason } = preparePython(resolve('test/interop/ministack/requirements.txt'));
if (reason) process.stderr.write(`kills with CloudFormation are not tested here: ${reason}\n`);

type OpenHome = { readonly home: StackHome; close(): Promise<void> };
const drivers: readonly (readonly [string, () => Promise<OpenHome>])[] = [
  ['the agent', async () => ({ home: openAgentHome(processes), close: async () => undefined })],
  ...(python ? [['CloudFormation', () => openEmulatedHosts(python, processes)] as const] : []),
];

describe.each(drivers)('an onboarding by %s', (_driver, open) => {
  let opened: OpenHome;
  let home: StackHome;
  beforeAll(async () => {
    opened = await open();
    home = opened.home;
  });
  afterAll(() => opened?.close());

  it.each(['enterprise-info', 'core'] as const)(
    'has one stack, one set of credentials and one outcome, though %s is killed at every step',
    async (victim) => {
      await processes.kill('enterprise-info');
      await processes.start('enterprise-info', home.env);
      const asked = await onboardWithKills(victim, home);
      const { tenantId, operationId, slug } = asked;
      const operation = await outcomeOf(asked);
      expect([operation.status, operation.cause]).toEqual(['succeeded', undefined]);
      expect(operation.steps.map(({ name, status }) => [name, status])).toEqual(
        steps.map((name) => [name, 'succeeded']),
      );

      expect(await home.historyOf(tenantId)).toEqual(home.oneStack);
      const secrets = await home.secretsOf(tenantId);
      expect(secrets).toEqual({ ...asked.secrets, client: expect.any(String) });
      const { items } = (await processes.call('GET', `/v1/tenants?filter=slug:${slug}`)).body;
      expect(items).toEqual([expect.objectContaining({ id: tenantId, state: 'active' })]);
      const token = await processes.issuer.token(String(operation.result?.clientId), String(secrets.client));
      expect(token.status).toBe(200);

      await until(() => messagesOn(tenantId, facts).some(({ type }) => type === 'tenant.activated'));
      expect(messagesOn(tenantId, facts).map(({ type, data }) => [type, data.state])).toEqual([
        ['tenant.requested', undefined],
        ['tenant.state_changed', 'validating'],
        ['tenant.state_changed', 'provisioning'],
        ['tenant.activated', 'active'],
      ]);
      await until(() => messagesOn(operationId, replies).some(({ data }) => data.step === 'notify'));
      const answered = messagesOn(operationId, replies).map(({ type, data }) => `${type} ${data.step} ${data.attempt}`);
      expect(new Set(answered).size).toBe(answered.length);
    },
  );
});
