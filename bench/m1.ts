import { runBench } from './harness';
import type { Load, LoadResult } from './http-load';
import { startPredictService } from './predict-setup';
import { type Program, startProgram } from './program';

/**
 * M1: answers of the predict route a CPU second ÷ answers of fastify's hello world a CPU second, each asked as fast as it
 * answers over the same number of connections.
 */
const connections = 64;
const seconds = 2;
const pipelining = Number(process.env.PIPELINING ?? 1);

async function main(): Promise<void> {
  const predict = await startPredictService();
  const hello = await startProgram<{ port: number }>('bench/hello.ts');
  const generator = await startProgram('bench/http-load.ts');
  const perCpuSecond = async (program: Program<{ port: number }>, requests: readonly string[]): Promise<number> => {
    const load: Load = { port: program.ready.port, requests, connections, pipelining, seconds };
    const before = program.cpuSeconds();
    const { answers, refused } = await generator.ask<LoadResult>(load);
    if (refused > 0) throw new Error(`${refused} of ${answers} requests were refused`);
    return answers / (program.cpuSeconds() - before);
  };
  await runBench({
    metric: 'M1',
    title: `predict with everything on ÷ bare fastify hello: ${connections} connections, ${pipelining} request(s) under way on each`,
    unit: 'answers per CPU second',
    floor: 0.55,
    goal: 1,
    better: 'higher',
    warmups: 2,
    subject: { name: 'predict', measure: () => perCpuSecond(predict.service, predict.requests) },
    reference: { name: 'hello', measure: () => perCpuSecond(hello, ['GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n']) },
  });
  const stats = await predict.service.ask<unknown>({});
  process.stderr.write(`${JSON.stringify(stats)}\n`);
  await Promise.all([predict.stop(), hello.stop(), generator.stop()]);
}

void main();
