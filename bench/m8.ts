import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { findEnginePaths } from '../local/engines/engine-paths';
import { holdFreePort } from '../local/engines/free-port';
import { startProcess } from '../local/engines/spawn-process';
import { createValkeyEngine } from '../local/engines/valkey-engine';
import { tiers } from '../src/contracts/tiers';
import { leaseFrom } from '../src/domain/limits/token-bucket';
import { createMemoryLeases } from '../src/platform/redis/create-memory-leases';
import { createRateLimiter, type RateLimiter } from '../src/platform/redis/create-rate-limiter';
import { type CoreRedis, createRedis } from '../src/platform/redis/create-redis';
import { createRedisLeases } from '../src/platform/redis/create-redis-leases';
import { benchFolder } from './bench-folder';
import { runBench } from './harness';

/**
 * M8: rate-limit decisions per CPU second of Redis ÷ PINGs per CPU second of Redis, over the same four connections.
 *
 * Four processes' limiters serve tenants of tier `dedicated` at 80 % of their rate, spread evenly: only calls that were
 * admitted count. PINGs wait for one another on each connection, as leases mostly do. Over-admission is looked for where
 * it can happen, with every tenant asking for four times its rate: what was admitted since the buckets were full,
 * beyond rate × time + burst, as a part of that.
 */
const instances = 4;
const tenants = 100;
const load = 0.8;
const overload = 4;
const roundMs = 1_500;
const overloadMs = 3_000;

const dedicated = tiers.find(({ name }) => name === 'dedicated');
if (!dedicated) throw new Error('there is no tier called dedicated');
const { ratePerSecond, burst, dailyQuota } = dedicated;
const limit = { ratePerSecond, burst, dailyQuota };

async function main(): Promise<void> {
  const server = await startServer();
  const connections = Array.from({ length: instances }, () => createRedis('core', { url: server.url, name: 'm8' }));
  const redis = connections[0] as CoreRedis;
  try {
    await untilReady(connections);
    const limiters = () =>
      connections.map((one) =>
        createRateLimiter({ leases: createRedisLeases(one), fallback: createMemoryLeases(leaseFrom) }),
      );
    let prefix = 0;
    const decisionsPerCpuSecond = async (): Promise<number> => {
      prefix += 1;
      const cpuBefore = await cpuSeconds(redis);
      const { admitted } = await offer(limiters(), `r${prefix}`, load, roundMs);
      return total(admitted) / ((await cpuSeconds(redis)) - cpuBefore);
    };
    const pingsPerCpuSecond = async (): Promise<number> => {
      const cpuBefore = await cpuSeconds(redis);
      const until = performance.now() + roundMs;
      const counts = await Promise.all(connections.map((one) => pingUntil(one, until)));
      return total(counts) / ((await cpuSeconds(redis)) - cpuBefore);
    };
    const cpuBefore = await cpuSeconds(redis);
    const { admitted, asked, seconds } = await offer(limiters(), 'overload', overload, overloadMs);
    const overloadCpu = (await cpuSeconds(redis)) - cpuBefore;
    const allowance = ratePerSecond * seconds + burst;
    const worst = Math.max(...admitted) / allowance - 1;
    await runBench({
      metric: 'M8',
      title: `rate-limit decisions ÷ PING per CPU second of Redis: ${instances} instances, ${tenants} tenants of ${ratePerSecond}/s`,
      unit: 'per CPU second of Redis',
      floor: 5,
      goal: 20,
      better: 'higher',
      subject: { name: 'admitted calls', measure: decisionsPerCpuSecond },
      reference: { name: 'PING', measure: pingsPerCpuSecond },
      notes: () => [
        `${overload} times the rate for ${seconds.toFixed(1)} s: ${total(admitted)} of ${asked} calls admitted, the busiest tenant ${(100 * worst).toFixed(2)} % beyond its limit (at most 1 %)`,
        `meanwhile ${Math.round(total(admitted) / overloadCpu).toLocaleString('en')} admitted and ${Math.round(asked / overloadCpu).toLocaleString('en')} decided calls a CPU second`,
      ],
    });
    if (worst > 0.01) throw new Error('more than 1 % beyond the limit was admitted');
  } finally {
    for (const one of connections) await one.close();
    await server.stop();
  }
}

/** Calls of every tenant at `factor` times its rate, each instance in turn. `admitted` is by tenant. */
async function offer(limiters: readonly RateLimiter[], prefix: string, factor: number, forMs: number) {
  const keys = Array.from({ length: tenants }, (_value, index) => `${prefix}-${index}`);
  const admitted = keys.map(() => 0);
  const pending = new Set<Promise<void>>();
  const start = performance.now();
  let offered = 0;
  while (performance.now() - start < forMs) {
    const due = Math.floor(((performance.now() - start) / 1_000) * ratePerSecond * factor);
    for (; offered < due; offered += 1) {
      const limiter = limiters[offered % limiters.length] as RateLimiter;
      keys.forEach((key, tenant) => {
        const decision = limiter.take(key, limit);
        if (!(decision instanceof Promise)) admitted[tenant] = (admitted[tenant] ?? 0) + Number(decision.allowed);
        else {
          const counted = decision.then(({ allowed }) => {
            admitted[tenant] = (admitted[tenant] ?? 0) + Number(allowed);
            pending.delete(counted);
          });
          pending.add(counted);
        }
      });
      await turn();
    }
    await turn();
  }
  await Promise.all(pending);
  return { admitted, asked: offered * tenants, seconds: (performance.now() - start) / 1_000 };
}

async function pingUntil(redis: CoreRedis, until: number): Promise<number> {
  let count = 0;
  for (; performance.now() < until; count += 1) await redis.ping();
  return count;
}

/** User and system time of the server's process, in steps of a microsecond. */
async function cpuSeconds(redis: CoreRedis): Promise<number> {
  const info = await redis.info('cpu');
  const of = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]);
  return of('used_cpu_user') + of('used_cpu_sys');
}

async function startServer() {
  const dir = await benchFolder();
  const held = await holdFreePort();
  await held.release();
  const options = { name: 'valkey', dir, port: held.port, paths: findEnginePaths(), durable: false };
  const engine = createValkeyEngine({ ...options, password: 'of-the-bench-alone' });
  await engine.prepare();
  const files = { pidFile: join(dir, 'valkey.pid'), logFile: join(dir, 'valkey.log') };
  const running = await startProcess(engine.spec, files);
  return {
    url: engine.endpoint.url,
    async stop() {
      await running.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function untilReady(connections: readonly CoreRedis[]): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await Promise.all(connections.map((one) => one.ping()));
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await pause(50);
    }
  }
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
