import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { findEnginePaths } from '../local/engines/engine-paths';
import { holdFreePort } from '../local/engines/free-port';
import { createPostgresEngine } from '../local/engines/postgres-engine';
import { startProcess } from '../local/engines/spawn-process';
import { sagas } from '../src/domain/sagas/all-sagas';
import { tenantOnboarding } from '../src/domain/sagas/tenant-onboarding';
import { createLogger } from '../src/platform/logging/create-logger';
import { createOutboxRelay } from '../src/platform/outbox/create-outbox-relay';
import { createPostgres, type Postgres } from '../src/platform/postgres/create-postgres';
import { migrate, readMigrations } from '../src/platform/postgres/migrate';
import { createProgressPublisher } from '../src/services/core/sagas/progress-publisher';
import { createSagaEngine } from '../src/services/core/sagas/saga-engine';
import { createSagaStore } from '../src/services/core/sagas/saga-store';
import { benchFolder } from './bench-folder';
import { quantile, runBench } from './harness';

/**
 * M7: durable saga steps a second with 256 sagas in flight ÷ single-row commits a second.
 *
 * A step is a reply taken in: the state, the inbox row and the next command in the outbox are on disk before the next reply
 * of that saga comes. Outbox and progress facts are published meanwhile to a producer that takes everything, so that the
 * cost of reading, deleting and encoding them is in. The reference commits one row after the other over one connection of the same
 * server, as the saga engine has one that it writes by. What as many tasks commit over eight connections is printed too.
 */
const inFlight = 256;
const connections = 8;
const roundMs = 3_000;

async function main(): Promise<void> {
  const server = await startServer();
  const postgres = createPostgres('core', { url: server.url, name: 'm7', maxConnections: connections });
  try {
    await migrate(postgres, await readMigrations(join(process.cwd(), 'migrations/core')));
    await postgres.sql.run`create table single_row (id uuid primary key, state json not null)`;
    const latencies: number[] = [];
    const concurrent = await singleCommits(postgres, inFlight);
    await runBench({
      metric: 'M7',
      title: `durable saga steps/s, ${inFlight} in flight ÷ single-row commits/s`,
      unit: 'per second',
      floor: 2,
      goal: 6,
      better: 'higher',
      subject: { name: 'saga steps', measure: () => sagaSteps(postgres, latencies) },
      reference: { name: 'single-row commits', measure: () => singleCommits(postgres, 1) },
      notes: () => [
        `${Math.round(concurrent)} single-row commits/s by ${inFlight} tasks over ${connections} connections, once`,
        `a step, p50 ${quantile(latencies, 0.5).toFixed(1)} ms, p99 ${quantile(latencies, 0.99).toFixed(1)} ms`,
      ],
    });
  } finally {
    await postgres.close();
    await server.stop();
  }
}

async function sagaSteps(postgres: Postgres<'core'>, latencies: number[]): Promise<number> {
  await postgres.sql.run`truncate saga.saga, saga.inbox, saga.outbox`;
  const log = createLogger('m7', 'error');
  const relay = createOutboxRelay({
    postgres,
    schema: 'saga',
    producer: { send: async () => undefined },
    log,
    backoff: () => 100,
    listen: false,
  });
  const store = createSagaStore(postgres.sql);
  const progress = createProgressPublisher({
    store,
    producer: { send: async () => undefined },
    log,
    backoff: () => 100,
  });
  const engine = createSagaEngine({
    store,
    log,
    onCommitted(states) {
      relay.poke();
      progress.changed(states);
    },
  });
  let steps = 0;
  const timed = async (act: Promise<void>): Promise<void> => {
    const from = performance.now();
    await act;
    latencies.push(performance.now() - from);
    steps += 1;
  };
  const end = Date.now() + roundMs;
  const runSaga = async (): Promise<void> => {
    const sagaId = randomUUID();
    const tenantId = randomUUID();
    const input = { tenantId, operationId: sagaId, slug: 'acme', name: 'Acme', tier: 'pool', contact: 'a@example.org' };
    const start = { id: sagaId, tenantId, input };
    await timed(
      engine.submit([{ kind: 'start', sagaId, messageId: randomUUID(), definition: tenantOnboarding, start }]),
    );
    for (const { name } of sagas.get('tenant-onboarding')?.steps ?? []) {
      const result = { ok: true as const, output: { done: name } };
      await timed(
        engine.submit([
          {
            kind: 'input',
            sagaId,
            messageId: randomUUID(),
            input: { kind: 'replied', step: name, direction: 'do', attempt: 1, result },
          },
        ]),
      );
      if (Date.now() > end) return;
    }
  };
  const from = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (Date.now() < end) await runSaga();
    }),
  );
  const seconds = (performance.now() - from) / 1_000;
  await engine.close();
  await relay.close();
  await progress.close();
  return steps / seconds;
}

async function singleCommits(postgres: Postgres<'core'>, tasks: number): Promise<number> {
  await postgres.sql.run`truncate single_row`;
  const state = JSON.stringify({ status: 'running', steps: tenantOnboarding.steps.map(({ name }) => ({ name })) });
  let commits = 0;
  const end = Date.now() + roundMs;
  const from = performance.now();
  await Promise.all(
    Array.from({ length: tasks }, async () => {
      while (Date.now() < end) {
        await postgres.sql.query(
          'insert into single_row (id, state) values ($1, $2)',
          [randomUUID(), state],
          'm7_single_row',
        );
        commits += 1;
      }
    }),
  );
  return commits / ((performance.now() - from) / 1_000);
}

/** A cluster of its own, on disk with fsync as a service's is. */
async function startServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const dir = await benchFolder();
  const port = await holdFreePort();
  await port.release();
  const place = {
    name: 'postgres',
    dir: join(dir, 'postgres'),
    port: port.port,
    paths: findEnginePaths(),
    durable: true,
  };
  const engine = createPostgresEngine({ ...place, password: randomUUID() });
  await engine.prepare();
  const running = await startProcess(engine.spec, {
    pidFile: join(dir, 'postgres.pid'),
    logFile: join(dir, 'postgres.log'),
  });
  return {
    url: engine.endpoint.url,
    async stop() {
      await running.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

void main();
