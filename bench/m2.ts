import { type Contender, runBench } from './harness';
import type { Load, LoadResult } from './http-load';
import { startPredictService } from './predict-setup';
import { type Program, startProgram } from './program';

/**
 * M2: the predict route's p99 ÷ that of fastify's hello world, both asked at an even rate that is half of what the predict
 * route answers when it is asked as fast as it can.
 */
const connections = 32;
const seconds = 3;
const hello = ['GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'];

type Listening = Program<{ port: number }>;

async function main(): Promise<void> {
  const predict = await startPredictService();
  const reference = await startProgram<{ port: number }>('bench/hello.ts');
  const generator = await startProgram('bench/http-load.ts');
  const ask = async (program: Listening, requests: readonly string[], ratePerSecond?: number): Promise<LoadResult> => {
    const load: Load = { port: program.ready.port, requests, connections, pipelining: 1, seconds, ratePerSecond };
    const result = await generator.ask<LoadResult>(load);
    if (result.refused > 0) throw new Error(`${result.refused} of ${result.answers} requests were refused`);
    return result;
  };
  await ask(predict.service, predict.requests);
  const saturated = await ask(predict.service, predict.requests);
  const rate = Math.floor(saturated.answers / saturated.seconds / 2);
  const p95s: number[] = [];
  const p99Of = (name: string, program: Listening, requests: readonly string[]): Contender => ({
    name,
    measure: async () => {
      const { p95Ms, p99Ms } = await ask(program, requests, rate);
      if (program === predict.service) p95s.push(p95Ms);
      return p99Ms;
    },
  });
  await runBench({
    metric: 'M2',
    title: `p99 of predict ÷ p99 of a bare fastify hello, both at ${rate} requests a second, half of predict's saturation`,
    unit: 'milliseconds',
    floor: 2,
    goal: 1.3,
    better: 'lower',
    subject: p99Of('predict', predict.service, predict.requests),
    reference: p99Of('hello', reference, hello),
    notes: () => [`p95 of predict: ${Math.max(...p95s).toFixed(2)} ms in the worst round`],
  });
  await Promise.all([predict.stop(), reference.stop(), generator.stop()]);
}

void main();
