import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createDocumentEngine } from '../local/engines/document-engine';
import type { Engine } from '../local/engines/engine';
import { findEnginePaths } from '../local/engines/engine-paths';
import { holdFreePort } from '../local/engines/free-port';
import { createPostgresEngine } from '../local/engines/postgres-engine';
import { type RunningProcess, startProcess } from '../local/engines/spawn-process';
import { createValkeyEngine } from '../local/engines/valkey-engine';
import type { Operation } from '../src/contracts/http/operations';
import { benchFolder } from './bench-folder';
import { quantile, runBench } from './harness';
import { startPlatform } from './m13-platform';

/**
 * M13: onboarding a tenant of tier `dedicated` on a running platform, from the call to the first call of its own client
 * that is accepted, ÷ starting the same engines bare: PostgreSQL, PostgreSQL with FerretDB on it, and Valkey, side by
 * side, from prepared data folders until they answer. Seconds; both durable, as a tenant's are.
 */
const tier = 'dedicated';

async function main(): Promise<void> {
  const home = await benchFolder();
  const platform = await startPlatform(join(home, 'home'), await freePort());
  const seen: { onboardedMs: number; firstCallMs: number; operation: Operation }[] = [];
  let tenant = 0;
  try {
    await runBench({
      ...{ metric: 'M13', title: 'call to first accepted call of a new tenant ÷ its engines started bare' },
      ...{ unit: 'seconds', better: 'lower', floor: 3, goal: 1.5 },
      subject: {
        name: 'onboarding',
        async measure() {
          tenant += 1;
          const { tenantId, ...timing } = await platform.onboard(`bench-${tenant}`, tier);
          seen.push(timing);
          await platform.offboard(tenantId);
          return timing.firstCallMs / 1_000;
        },
      },
      reference: { name: 'bare engines', measure: () => startBareEngines(home) },
      notes: () => notesOf(seen.slice(1)),
    });
  } finally {
    await platform.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

/** Not held: the platform, which is another process, has to get it. Below the ports of outgoing connections. */
async function freePort(): Promise<number> {
  const port = 10_000 + Math.floor(Math.random() * 20_000);
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  await new Promise((resolve) => server.close(resolve));
  return free ? port : freePort();
}

let started = 0;

/** Seconds until all of them answer. They are stopped before the next round. */
async function startBareEngines(home: string): Promise<number> {
  started += 1;
  const dir = join(home, `bare-${started}`);
  mkdirSync(dir, { mode: 0o711 });
  const paths = findEnginePaths();
  const password = randomBytes(16).toString('hex');
  const held = await Promise.all([holdFreePort(), holdFreePort(), holdFreePort(), holdFreePort()]);
  await Promise.all(held.map((port) => port.release()));
  const [a, b, c, d] = held.map(({ port }) => port) as [number, number, number, number];
  const place = (name: string, port: number) => ({ name, port, paths, dir: join(dir, name) });
  const documents = createPostgresEngine({ ...place('document-postgres', b), password, flavour: 'document' });
  const running: RunningProcess[] = [];
  const start = async ({ spec, prepare }: Engine<unknown>): Promise<void> => {
    await prepare();
    const files = { pidFile: join(dir, `${spec.name}.pid`), logFile: join(dir, `${spec.name}.log`) };
    running.push(await startProcess(spec, files));
  };
  const begun = performance.now();
  await Promise.all([
    start(createPostgresEngine({ ...place('postgres', a), password })),
    start(documents).then(() => start(createDocumentEngine({ ...place('document', c), postgres: documents }))),
    start(createValkeyEngine({ ...place('valkey', d), password })),
  ]);
  const seconds = (performance.now() - begun) / 1_000;
  for (const one of running.reverse()) await one.stop();
  rmSync(dir, { recursive: true, force: true });
  return seconds;
}

function notesOf(seen: readonly { onboardedMs: number; firstCallMs: number; operation: Operation }[]): string[] {
  const median = (values: readonly number[]): string => `${Math.round(quantile(values, 0.5))} ms`;
  const names = seen[0]?.operation.steps.map(({ name }) => name) ?? [];
  const steps = names.map((name) => {
    const durations = seen.map(({ operation }) => operation.steps.find((step) => step.name === name)?.durationMs ?? 0);
    return `${name} ${median(durations)}`;
  });
  return [
    `operation succeeded ${median(seen.map(({ onboardedMs }) => onboardedMs))} after the call; first call accepted ${median(seen.map(({ firstCallMs }) => firstCallMs))}`,
    `steps: ${steps.join(', ')}`,
  ];
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
