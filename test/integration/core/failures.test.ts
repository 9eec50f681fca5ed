import { randomUUID } from 'node:crypto';
import { deadLetterTopic, topics } from '../../../src/contracts/topics';
import { readTopic } from '../../helpers/messaging';
import { until } from '../../helpers/until';
import { type CorePlatform, startCorePlatform } from './platform';

let platform: CorePlatform;
let core: { close(): Promise<void> };

beforeAll(async () => {
  platform = await startCorePlatform();
  core = await platform.startCore();
});
afterAll(async () => {
  await core.close();
  await platform.stop();
});
beforeEach(() => platform.play(() => ({ output: {} })));

const noDisk = (retryable: boolean) => ({ code: 'KLT_PROVISION_FAILED', retryable });

it('tries a step again that failed in a way that may pass, and goes on', async () => {
  platform.play((command, attempt) => (command === 'stores.provision' && attempt < 3 ? noDisk(true) : { output: {} }));
  const id = await platform.onboard();
  const operation = await platform.ends(id, 'succeeded');
  const provision = operation.steps.find(({ name }) => name === 'provision');
  expect(provision).toMatchObject({ status: 'succeeded', attempt: 3 });
  expect((await platform.taken(id)).filter((command) => command === 'stores.provision')).toHaveLength(3);
});

it('undoes what was done, last first, when a step fails for good, and says why', async () => {
  platform.play((command) => (command === 'stores.smoke_test' ? noDisk(false) : { output: {} }));
  const id = await platform.onboard();
  const operation = await platform.ends(id, 'failed');
  expect((await platform.taken(id)).slice(7)).toEqual([
    'identity.revoke',
    'stores.destroy',
    'tenancy.unplace',
    'tenancy.release_slug',
  ]);
  expect(operation.cause).toEqual({ code: 'KLT_PROVISION_FAILED', detail: 'as the test wants' });
  expect(operation.steps.map(({ name, status }) => `${name} ${status}`)).toEqual([
    'reserve compensated',
    'place compensated',
    'provision compensated',
    'migrate succeeded',
    'mint compensated',
    'seed succeeded',
    'smoke failed',
    'activate pending',
    'notify pending',
  ]);
});

it('runs a failed operation again when it is asked to', async () => {
  platform.play((command) => (command === 'stores.migrate' ? noDisk(false) : { output: {} }));
  const id = await platform.onboard();
  await platform.ends(id, 'failed');
  platform.play(() => ({ output: {} }));
  const request = randomUUID();
  await platform.retry(id, request);
  await platform.retry(id, request);
  await platform.ends(id, 'succeeded');
  expect((await platform.taken(id)).filter((command) => command === 'tenancy.activate')).toHaveLength(1);
});

it('undoes a running operation when it is cancelled', async () => {
  platform.play((command) => (command === 'stores.provision' ? noDisk(true) : { output: {} }));
  const id = await platform.onboard();
  await until(async () => (await platform.taken(id)).includes('stores.provision'));
  await platform.cancel(id);
  await platform.ends(id, 'cancelled');
  expect((await platform.taken(id)).slice(-3)).toEqual(['stores.destroy', 'tenancy.unplace', 'tenancy.release_slug']);
});

it('takes a request to cancel that comes before the fact that starts its operation', async () => {
  platform.play((command) => (command === 'tenancy.place' ? noDisk(true) : { output: {} }));
  const id = randomUUID();
  await platform.cancel(id);
  await platform.onboard(1, id);
  await platform.ends(id, 'cancelled');
});

it('takes a step that does not answer for a failed attempt', async () => {
  platform.play((command, attempt) => (command === 'tenancy.place' && attempt === 1 ? 'silence' : { output: {} }));
  const id = await platform.onboard();
  const operation = await platform.ends(id, 'succeeded');
  expect(operation.steps[1]).toMatchObject({ name: 'place', status: 'succeeded', attempt: 2 });
});

it('skips the step that tells the contact when that cannot be done', async () => {
  platform.play((command) => (command === 'tenancy.notify' ? noDisk(false) : { output: {} }));
  const id = await platform.onboard();
  const operation = await platform.ends(id, 'succeeded');
  expect(operation.steps.at(-1)).toMatchObject({ name: 'notify', status: 'skipped' });
});

it('puts aside a request for an operation that does not exist, and goes on with others', async () => {
  const unknown = randomUUID();
  await platform.cancel(unknown);
  const reader = await readTopic(platform.namespace + deadLetterTopic(topics.commandCore.name));
  await until(() => reader.records.length === 1);
  expect(reader.records[0]?.value?.toString()).toBe(JSON.stringify({ operationId: unknown }));
  await reader.close();
  const id = await platform.onboard();
  await platform.ends(id, 'succeeded');
});
