import { tenantOnboarding } from '../../../src/domain/sagas/tenant-onboarding';
import { bundleProgram, type ChildProgram, runProgram } from '../../helpers/child-program';
import { testKafka } from '../../helpers/engines';
import { until } from '../../helpers/until';
import type { CoreProgramArgs } from './core-program';
import { type CorePlatform, startCorePlatform } from './platform';

let platform: CorePlatform;
let core: ChildProgram | undefined;
let start: () => ChildProgram;

beforeAll(async () => {
  platform = await startCorePlatform();
  const { brokers } = await testKafka();
  const bundle = await bundleProgram('test/integration/core/core-program.ts');
  const args: CoreProgramArgs = { brokers, url: platform.url, namespace: platform.namespace };
  start = () => runProgram(bundle, args);
});
afterAll(async () => {
  await core?.kill();
  await platform.stop();
});

it('ends an onboarding well, each step once, though the process is killed while a command is answered', async () => {
  const killAt = ['stores.provision', 'stores.smoke_test'];
  platform.play((command, attempt) => {
    if (killAt.includes(command) && attempt === 1) {
      killAt.splice(killAt.indexOf(command), 1);
      core?.child.kill('SIGKILL');
    }
    return { output: {} };
  });
  core = start();
  const id = await platform.onboard();
  await until(
    async () => (await platform.taken(id)).includes('stores.provision'),
    40_000,
    () => platform.lines.slice(-2),
  );
  await core.kill();
  core = start();
  await until(
    async () => (await platform.taken(id)).includes('stores.smoke_test'),
    40_000,
    () => platform.lines.slice(-2),
  );
  await core.kill();
  core = start();
  await platform.ends(id, 'succeeded');
  expect(await platform.taken(id)).toEqual(tenantOnboarding.steps.map(({ command }) => command));
}, 120_000);
