import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { KolateError } from '../../../src/contracts/errors';
import { stepCommands } from '../../../src/domain/sagas/all-sagas';
import { newMessage } from '../../../src/platform/kafka/message-codec';
import { createOtlpTracer } from '../../../src/platform/telemetry/create-otlp-tracer';
import type { Tracer } from '../../../src/platform/telemetry/tracer';
import { createStepWorker } from '../../../src/services/enterprise-info/provisioning/create-step-worker';
import {
  quick,
  type SlowStep,
  type Step,
  type StepContext,
  type Steps,
  slow,
} from '../../../src/services/enterprise-info/provisioning/step';
import { createStepHandlers } from '../../../src/services/enterprise-info/provisioning/step-consumer';
import { createStepQueue } from '../../../src/services/enterprise-info/provisioning/step-queue';
import { type CoreDatabase, coreDatabase, createTestLog } from '../../helpers/messaging';
import { startOtlpReceiver } from '../../helpers/otlp-receiver';
import { until } from '../../helpers/until';

let database: CoreDatabase;
const workers: { close(graceMs?: number): Promise<void> }[] = [];
beforeAll(async () => {
  database = await coreDatabase();
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close(0);
  await database.postgres.sql.run`truncate tenancy.step_run, tenancy.outbox`;
});
afterAll(() => database.drop());

/** Every command does `run`, or nothing where it is quick. */
const stepsOf = (step: Step): Steps => {
  const steps: Partial<Record<string, Step>> = {};
  for (const command of stepCommands.keys()) steps[command] = step;
  return steps as Steps;
};
const start = (run: SlowStep, concurrency = 8, tracer?: Tracer) => {
  const worker = createStepWorker({
    ...{
      core: database.postgres,
      steps: stepsOf(slow(run)),
      log: createTestLog().log,
      concurrency,
      pollMs: 50,
      tracer,
    },
  });
  workers.push(worker);
  return worker;
};
const commandFor = (tenantId: string, deadlineMs = 30_000, traceparent?: string) => {
  const contract = stepCommands.get('stores.provision');
  if (!contract) throw new Error('the command is gone');
  const input = { tenantId, slug: 's', name: 'n', tier: 'pool', contact: 'c@d.example', operationId: randomUUID() };
  return newMessage(contract, 'core', {
    key: tenantId,
    ...(traceparent ? { traceparent } : {}),
    data: {
      ...{
        sagaId: randomUUID(),
        step: 'provision',
        direction: 'do' as const,
        attempt: 1,
        tenantId,
        input,
        outputs: {},
      },
      deadline: new Date(Date.now() + deadlineMs).toISOString(),
    },
  });
};
const take = (
  message: ReturnType<typeof commandFor>,
  step: Step = slow(async () => async () => ({})),
  tracer?: Tracer,
) => {
  const hooks = { now: Date.now, onFailure: () => undefined, tracer };
  const handler = createStepHandlers(stepsOf(step), hooks).find(({ event }) => event.type === message.type);
  return database.postgres.transaction(async (sql) => handler?.handle(message, sql, undefined));
};
type Reply = {
  type: string;
  payload: { output?: object; cause?: { code: string; detail: string }; retryable?: boolean };
};
const replies = () => database.postgres.sql.many<Reply>`select type, payload from tenancy.outbox order by seq`;
const waiting = async () =>
  (await database.postgres.sql.one<{ n: number }>`select count(*) as n from tenancy.step_run`).n;

describe('a step whose operation is recorded', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const origin = `00-${traceId}-00f067aa0ba902b7-01`;
  const repliesFrom = () =>
    database.postgres.sql.many<{ headers: { traceparent?: string } }>`select headers from tenancy.outbox order by seq`;

  it.each([
    ['slow and done', async () => async () => ({}), false],
    [
      'slow and fails',
      async () => {
        throw new KolateError('KLT_PROVISION_FAILED', 'no room');
      },
      true,
    ],
  ] satisfies [string, SlowStep, boolean][])(
    'is a span below its command when it is %s',
    async (_kind, run, failed) => {
      const collector = await startOtlpReceiver();
      const { log } = createTestLog();
      const tracer = createOtlpTracer({
        ...{ service: 's', endpoint: collector.endpoint, ratio: 0, log, registry: new Registry(), everyMs: 5 },
      });
      start(run, 8, tracer);
      const tenantId = randomUUID();
      await take(commandFor(tenantId, 30_000, origin));
      await take(commandFor(randomUUID()));
      await until(async () => (await replies()).length === 2);
      await tracer.close();
      await collector.close();
      expect(collector.spans).toMatchObject([
        {
          ...{ name: 'step stores.provision', traceId, parentSpanId: '00f067aa0ba902b7', failed },
          attributes: { 'kolate.tenant_id': tenantId, 'kolate.step': 'provision', 'kolate.direction': 'do' },
        },
      ]);
      expect((await repliesFrom()).map(({ headers }) => headers.traceparent)).toContain(
        `00-${traceId}-${collector.spans[0]?.spanId}-01`,
      );
    },
  );

  it('is a span below its command when it is quick', async () => {
    const collector = await startOtlpReceiver();
    const { log } = createTestLog();
    const tracer = createOtlpTracer({
      ...{ service: 's', endpoint: collector.endpoint, ratio: 0, log, registry: new Registry() },
    });
    await take(
      commandFor(randomUUID(), 30_000, origin),
      quick(async () => ({})),
      tracer,
    );
    await tracer.close();
    await collector.close();
    expect(collector.spans).toMatchObject([{ name: 'step stores.provision', traceId, failed: false }]);
    expect((await repliesFrom())[0]?.headers.traceparent).toBe(`00-${traceId}-${collector.spans[0]?.spanId}-01`);
  });
});

describe('a slow step', () => {
  it('is answered with its effect on the core database, and is gone from the queue', async () => {
    start(async ({ tenantId }) => async (sql) => {
      await sql.run`insert into tenancy.inbox (consumer, message_id) values ('effect', ${tenantId})`;
      return { made: tenantId };
    });
    const tenantId = randomUUID();
    await take(commandFor(tenantId));
    await until(async () => (await replies()).length === 1);
    expect(await replies()).toMatchObject([{ type: 'step.succeeded', payload: { output: { made: tenantId } } }]);
    expect(await waiting()).toBe(0);
    expect(
      await database.postgres.sql
        .maybe`select from tenancy.inbox where consumer = 'effect' and message_id = ${tenantId}`,
    ).toBeDefined();
  });

  it('is put into the queue once, however often its message comes', async () => {
    const message = commandFor(randomUUID());
    await take(message);
    await take(message);
    expect(await waiting()).toBe(1);
  });

  it('is answered once when several workers are there', async () => {
    let runs = 0;
    const run: SlowStep = async () => {
      runs += 1;
      return async () => ({});
    };
    for (let worker = 0; worker < 3; worker++) start(run);
    const tenants = Array.from({ length: 12 }, () => randomUUID());
    await Promise.all(tenants.map((tenantId) => take(commandFor(tenantId))));
    await until(async () => (await replies()).length >= 12);
    expect(runs).toBe(12);
    expect(await waiting()).toBe(0);
    expect(await replies()).toHaveLength(12);
  });

  it('waits for the one before it of its tenant, and for no other tenant’s', async () => {
    const running = new Set<string>();
    const seen: string[] = [];
    let most = 0;
    const ends = new Map<string, () => void>();
    start(async ({ tenantId, sagaId }) => {
      if (running.has(tenantId)) throw new Error('two steps of one tenant at once');
      running.add(tenantId);
      most = Math.max(most, running.size);
      seen.push(sagaId);
      await new Promise<void>((resolve) => ends.set(sagaId, resolve));
      running.delete(tenantId);
      return async () => ({});
    });
    const [a, b] = [randomUUID(), randomUUID()];
    const messages = [commandFor(a), commandFor(a), commandFor(b)];
    for (const message of messages) await take(message);
    const [first, second, third] = messages.map(({ data }) => data.sagaId) as [string, string, string];
    await until(() => seen.length === 2);
    expect(new Set(seen)).toEqual(new Set([first, third]));
    ends.get(first)?.();
    await until(() => seen.includes(second));
    ends.get(second)?.();
    ends.get(third)?.();
    await until(async () => (await waiting()) === 0);
    expect(most).toBe(2);
  });

  it('runs beside no more others than it may', async () => {
    let running = 0;
    let most = 0;
    const ends: (() => void)[] = [];
    start(async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => ends.push(resolve));
      running -= 1;
      return async () => ({});
    }, 2);
    await Promise.all(Array.from({ length: 5 }, () => take(commandFor(randomUUID()))));
    await until(async () => {
      for (const end of ends.splice(0)) end();
      return (await waiting()) === 0;
    });
    expect(most).toBe(2);
  });

  it('that fails says why, and whether trying again can help', async () => {
    start(async () => {
      throw new KolateError('KLT_TIER_UNAVAILABLE', 'not here');
    });
    await take(commandFor(randomUUID()));
    await until(async () => (await replies()).length === 1);
    expect(await replies()).toMatchObject([
      {
        type: 'step.failed',
        payload: { cause: { code: 'KLT_TIER_UNAVAILABLE', detail: 'not here' }, retryable: false },
      },
    ]);
  });

  it('that fails in a way nobody foresaw shows nothing of its inside', async () => {
    start(async () => {
      throw new Error('password=hunter2 at /srv/secret.ts:1');
    });
    await take(commandFor(randomUUID()));
    await until(async () => (await replies()).length === 1);
    const [reply] = await replies();
    expect(reply?.payload).toMatchObject({ cause: { code: 'KLT_INTERNAL' }, retryable: true });
    expect(JSON.stringify(reply)).not.toContain('hunter2');
  });

  it('whose deadline has passed is not begun', async () => {
    let runs = 0;
    await take(commandFor(randomUUID(), -1_000));
    start(async () => {
      runs += 1;
      return async () => ({});
    });
    await until(async () => (await replies()).length === 1);
    expect((await replies())[0]?.payload.cause?.code).toBe('KLT_STEP_TIMED_OUT');
    expect(runs).toBe(0);
  });

  it('is told when its deadline passes while it runs', async () => {
    start(
      (_context, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('told to stop')))),
    );
    await take(commandFor(randomUUID(), 200));
    await until(async () => (await replies()).length === 1);
    expect((await replies())[0]?.type).toBe('step.failed');
  });

  it('is taken up by another worker when the session of the first is gone', async () => {
    let runs = 0;
    const run: SlowStep = async () => {
      runs += 1;
      if (runs === 1) await new Promise(() => undefined);
      return async () => ({ by: runs });
    };
    start(run);
    await take(commandFor(randomUUID()));
    await until(() => runs === 1);
    // What PostgreSQL sees of a process that was killed.
    await database.postgres.sql.run`
      select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and classid = 7301 and pid <> pg_backend_pid()`;
    start(run);
    await until(async () => (await replies()).length === 1);
    expect(await replies()).toMatchObject([{ payload: { output: { by: 2 } } }]);
  });
});

describe('a quick step', () => {
  const failing = (error: unknown) =>
    quick(async (sql, context: StepContext) => {
      await sql.run`insert into tenancy.inbox (consumer, message_id) values ('effect', ${context.sagaId})`;
      throw error;
    });

  it('is answered in the transaction that takes its message', async () => {
    await take(
      commandFor(randomUUID()),
      quick(async () => ({ done: true })),
    );
    expect(await replies()).toMatchObject([{ type: 'step.succeeded', payload: { output: { done: true } } }]);
  });

  it.each([
    ['a refusal', new KolateError('KLT_TENANT_SLUG_TAKEN', 'taken'), 'KLT_TENANT_SLUG_TAKEN'],
    ['an unforeseen error', new Error('broken'), 'KLT_INTERNAL'],
  ])('that ends in %s leaves nothing but its answer', async (_what, error, code) => {
    const message = commandFor(randomUUID());
    await take(message, failing(error));
    expect((await replies())[0]?.payload.cause?.code).toBe(code);
    const effect = await database.postgres.sql
      .maybe`select from tenancy.inbox where consumer = 'effect' and message_id = ${message.data.sagaId}`;
    expect(effect).toBeUndefined();
  });

  it('that fails since a dependency is away is left to come again', async () => {
    const away = failing(new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'away'));
    await expect(take(commandFor(randomUUID()), away)).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
    expect(await replies()).toEqual([]);
  });
});

it('the queue answers the oldest step of each tenant first', async () => {
  const [a, b] = [randomUUID(), randomUUID()];
  const messages = [commandFor(b), commandFor(a), commandFor(b)];
  for (const message of messages) await take(message);
  const next = await createStepQueue(database.postgres.sql).next([], 10);
  expect(next.map(({ context }) => context.sagaId)).toEqual(messages.slice(0, 2).map(({ data }) => data.sagaId));
  expect((await createStepQueue(database.postgres.sql).next([b], 10)).map(({ tenantId }) => tenantId)).toEqual([a]);
});
