import { type Contender, quantile, runBench } from './harness';
import type { Load, LoadResult } from './http-load';
import { startPredictService } from './predict-setup';
import { type Program, startProgram } from './program';

/**
 * M2: the predict route's p99 ÷ that of fastify's hello world, each asked at an even rate that is half of what it answers when
 * it is asked as fast as it can. What a request costs is M1's question; this one is how long the slowest wait at the same
 * use of the processor. The ratio at the same rate for both is noted below it.
 */
const connections = 32;
const seconds = 3;
const warmups = 3;
const hello = ['GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'];

type Side = { readonly program: Program<{ port: number }>; readonly requests: readonly string[] };

async function main(): Promise<void> {
  const service = await startPredictService();
  const predict: Side = { program: service.service, requests: service.requests };
  const reference: Side = { program: await startProgram<{ port: number }>('bench/hello.ts'), requests: hello };
  const generator = await startProgram('bench/http-load.ts');
  const ask = async ({ program, requests }: Side, ratePerSecond?: number): Promise<LoadResult> => {
    const load: Load = { port: program.ready.port, requests, connections, pipelining: 1, seconds, ratePerSecond };
    const result = await generator.ask<LoadResult>(load);
    if (result.refused > 0) throw new Error(`${result.refused} of ${result.answers} requests were refused`);
    return result;
  };
  const halfOf = async (side: Side): Promise<number> => {
    await ask(side);
    const { answers, seconds: took } = await ask(side);
    return Math.floor(answers / took / 2);
  };
  const [predictRate, helloRate] = [await halfOf(predict), await halfOf(reference)];
  const seen: LoadResult[] = [];
  const sameRate: number[] = [];
  const measured: Contender = {
    name: 'predict',
    async measure() {
      const result = await ask(predict, predictRate);
      seen.push(result);
      sameRate.push(result.p99Ms / (await ask(reference, predictRate)).p99Ms);
      return result.p99Ms;
    },
  };
  await runBench({
    metric: 'M2',
    title: `p99 of predict at ${predictRate} requests a second ÷ p99 of a bare fastify hello at ${helloRate}, half of what each can`,
    unit: 'milliseconds',
    floor: 2,
    goal: 1.3,
    better: 'lower',
    rounds: 9,
    warmups,
    subject: measured,
    reference: { name: 'hello', measure: async () => (await ask(reference, helloRate)).p99Ms },
    notes: () => [
      `p95 of predict: ${Math.max(...seen.slice(warmups).map(({ p95Ms }) => p95Ms)).toFixed(2)} ms in the worst round`,
      `with hello at ${predictRate} requests a second too: ${quantile(sameRate.slice(warmups), 0.5).toFixed(2)}`,
      `not sent, since the generator was late: ${percent(seen.slice(warmups))} % of predict's requests`,
    ],
  });
  await Promise.all([service.stop(), reference.program.stop(), generator.stop()]);
}

function percent(results: readonly LoadResult[]): string {
  const sum = (pick: (result: LoadResult) => number): number => results.reduce((all, one) => all + pick(one), 0);
  const missed = sum((one) => one.missed);
  return ((missed / (missed + sum((one) => one.answers))) * 100).toFixed(1);
}

void main();
