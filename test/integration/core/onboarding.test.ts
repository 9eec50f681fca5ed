import { tenantOnboarding } from '../../../src/domain/sagas/tenant-onboarding';
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
beforeEach(() => platform.play((command) => ({ output: { by: command } })));

const commands = tenantOnboarding.steps.map(({ command }) => command);

it('runs every step of an onboarding once and in order, though the request came twice', async () => {
  const id = await platform.onboard(2);
  const operation = await platform.ends(id, 'succeeded');
  expect(await platform.taken(id)).toEqual(commands);
  expect(operation.steps.map(({ status, attempt }) => [status, attempt])).toEqual(commands.map(() => ['succeeded', 1]));
  expect(operation.result).toEqual({ by: 'tenancy.activate' });
});
