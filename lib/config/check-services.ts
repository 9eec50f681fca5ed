import { sagaTopics } from '../../src/contracts/topics';
import type { Environment, ServiceSize } from './environment';
import type { Must } from './faults';
import { isWhole } from './is-whole';

/** Memory in MiB that Fargate has with so much CPU: from, to, step. */
const fargateMemory: Readonly<Record<number, readonly [number, number, number]>> = {
  256: [512, 2_048, 512],
  512: [1_024, 4_096, 1_024],
  1024: [2_048, 8_192, 1_024],
  2048: [4_096, 16_384, 1_024],
  4096: [8_192, 30_720, 1_024],
  8192: [16_384, 61_440, 4_096],
  16384: [32_768, 122_880, 8_192],
};

export function checkServices(environment: Environment, must: Must): void {
  for (const [service, size] of Object.entries(environment.services)) checkService(service, size, must);
  checkSagaTasks(environment, must);
}

function checkService(
  service: string,
  { cpu, memoryMib, minTasks, maxTasks, spotShare }: ServiceSize,
  must: Must,
): void {
  const memory = fargateMemory[cpu];
  must(memory !== undefined, `services.${service}.cpu`, cpu, Object.keys(fargateMemory).join(', '));
  if (memory) {
    const [from, to, step] = memory;
    const fits = memoryMib >= from && memoryMib <= to && memoryMib % step === 0;
    must(fits, `services.${service}.memoryMib`, memoryMib, `${from} to ${to} in steps of ${step} with cpu ${cpu}`);
  }
  must(isWhole(minTasks, 1, 1_000), `services.${service}.minTasks`, minTasks, '1 to 1000');
  must(isWhole(maxTasks, minTasks, 1_000), `services.${service}.maxTasks`, maxTasks, `${minTasks} to 1000`);
  must(spotShare >= 0 && spotShare <= 1, `services.${service}.spotShare`, spotShare, '0 to 1');
}

/** Nobody asks core anything: its tasks share what there is on its topics. */
function checkSagaTasks({ services }: Environment, must: Must): void {
  const { maxTasks } = services.core;
  const partitions = Math.max(...sagaTopics.map((topic) => topic.partitions));
  const expected = `at most the ${partitions} partitions that its tasks share`;
  must(maxTasks <= partitions, 'services.core.maxTasks', maxTasks, expected);
}
