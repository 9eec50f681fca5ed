import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { bundleProgram, type ChildProgram, runProgram } from '../../helpers/child-program';
import { leaveGroups } from '../../helpers/leave-groups';
import { numberedEvent } from '../../helpers/messaging';
import { until } from '../../helpers/until';
import { type ConsumerBench, createConsumerBench } from './consumer-bench';
import type { EffectProgramArgs } from './effect-program';

let bench: ConsumerBench;
let bundle: string;
const programs: ChildProgram[] = [];

beforeAll(async () => {
  bench = await createConsumerBench();
  bundle = await bundleProgram('test/integration/kafka/effect-program.ts');
});
afterAll(async () => {
  await Promise.all(programs.map((program) => program.kill()));
  await bench.close();
});

it('gives every message one effect, in order, though the process is killed twice in the middle of it', async () => {
  const counted = await numberedEvent('thing.counted', 2);
  const args = (group: string): EffectProgramArgs => ({
    ...{ brokers: bench.brokers, url: bench.database.url, group, contract: counted },
  });
  const group = randomUUID();
  const messages = Array.from({ length: 60 }, (_, n) => [`k${n % 4}`, n] as const);
  await bench.publish(counted, ...messages);
  let kills = 0;
  for (; kills < 2; kills++) {
    const program = runProgram(bundle, args(group));
    programs.push(program);
    // The second effect since its start: made, and not committed yet.
    await once(program.child, 'message');
    await once(program.child, 'message');
    await program.kill();
    await leaveGroups(bench.brokers, 'effects');
  }
  programs.push(runProgram(bundle, args(group)));
  await until(
    async () => (await bench.effects()).length >= messages.length,
    50_000,
    async () => (await bench.effects()).length,
  );
  const effects = await bench.effects();
  expect([...effects].sort()).toEqual(messages.map(([key, n]) => `${key}${n}`).sort());
  for (const key of ['k0', 'k1', 'k2', 'k3']) {
    const numbers = effects.filter((each) => each.startsWith(key)).map((each) => Number(each.slice(2)));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  }
}, 120_000);
