import { setTimeout as delay } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import type { Logger } from '../../../platform/logging/create-logger';
import type { Postgres } from '../../../platform/postgres/create-postgres';
import type { Tracer } from '../../../platform/telemetry/tracer';
import { expired, replyFailed, replySucceeded } from './reply';
import type { Output, StepContext, Steps } from './step';
import { createStepQueue, type QueuedStep, stepChannel } from './step-queue';
import { traceStep } from './trace-step';

export type StepWorkerOptions = {
  readonly core: Postgres<'core'>;
  readonly steps: Steps;
  readonly log: Logger;
  /** Steps side by side, each of another tenant (8). */
  readonly concurrency?: number;
  /** The queue is looked at that often even when nothing said that it holds something. */
  readonly pollMs?: number;
  readonly now?: () => number;
  readonly tracer?: Tracer | undefined;
};

const hardStopMs = 1_000;

/** First number of the advisory locks; the second is made of the tenant. */
const lockClass = 7_301;

/**
 * Runs the slow steps in the queue: those of one tenant one after the other, those of several side by side. A step is held
 * by an advisory lock of the worker's one session, which ends with the process: after a crash the next worker takes it up
 * at once. Its reply, and what it changes in the core database, are committed with its removal from the queue, so that it
 * is answered once whoever ran it.
 */
export function createStepWorker(options: StepWorkerOptions) {
  const { core, steps, log, concurrency = 8, pollMs = 1_000, now = Date.now } = options;
  const closing = new AbortController();
  const running = new Map<string, Promise<void>>();
  const session = createSession(core, () => wake());
  let wake: () => void = () => undefined;
  let rung = false;
  let stopping = false;

  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(done, rung ? 0 : pollMs);
      rung = false;
      function done(): void {
        clearTimeout(timer);
        wake = () => {
          rung = true;
        };
        resolve();
      }
      wake = done;
    });

  const work = async (): Promise<void> => {
    while (!stopping) {
      try {
        await takeUp();
      } catch (error) {
        log.warn({ err: error }, 'the queue of steps could not be read; trying again');
      }
      await pause();
    }
  };

  const takeUp = async (): Promise<void> => {
    const locks = await session.open();
    const free = concurrency - running.size;
    if (free <= 0) return;
    for (const queued of await createStepQueue(core.sql).next([...running.keys()], free)) {
      if (!(await locks.take(queued.tenantId))) continue;
      const done = runLocked(queued)
        .catch((error: unknown) => log.warn({ err: error }, 'a step could not be answered; it is run again'))
        .finally(async () => {
          await locks.give(queued.tenantId);
          running.delete(queued.tenantId);
          wake();
        });
      running.set(queued.tenantId, done);
    }
  };

  const runLocked = async ({ seq, context: asked }: QueuedStep): Promise<void> => {
    // Whoever had the lock before us may just have answered it.
    if (!(await createStepQueue(core.sql).isWaiting(seq))) return;
    const begun = now();
    const { context, end } = traceStep(options.tracer, asked);
    try {
      const finish = await runStep(context);
      await core.transaction(async (sql) => {
        if (!(await createStepQueue(sql).remove(seq))) return;
        await replySucceeded(sql, context, await finish(sql));
      });
      end();
      log.info({ ...labelOf(context), ms: now() - begun }, 'step done');
    } catch (error) {
      end(error);
      // Stopped in the middle: it stays in the queue for the next start.
      if (closing.signal.aborted) return;
      log.warn({ err: error, ...labelOf(context), ms: now() - begun }, 'step failed');
      await core.transaction(async (sql) => {
        if (await createStepQueue(sql).remove(seq)) await replyFailed(sql, context, error);
      });
    }
  };

  const runStep = async (
    context: StepContext,
  ): Promise<(sql: Parameters<typeof createStepQueue>[0]) => Promise<Output>> => {
    const step = steps[context.command];
    if (step.kind === 'quick') return (sql) => step.run(sql, context);
    const left = context.deadline - now();
    if (left <= 0) throw expired(context);
    return step.run(context, AbortSignal.any([closing.signal, AbortSignal.timeout(left)]));
  };

  const done = work();
  return {
    running: (): number => running.size,
    /** Lets what runs come to its end for `graceMs`, then breaks it off. */
    async close(graceMs = 5_000): Promise<void> {
      stopping = true;
      wake();
      const timer = setTimeout(() => closing.abort(), graceMs);
      await done;
      const ended = Promise.allSettled(running.values());
      // A step that does not listen is left behind: it is in the queue still, and its effects can be repeated.
      const given = delay(graceMs + hardStopMs, undefined, { ref: false });
      await Promise.race([ended, given]);
      clearTimeout(timer);
      await session.close();
    },
  };
}

export const labelOf = ({ command, tenantId, sagaId, attempt }: StepContext) => ({
  command,
  tenantId,
  sagaId,
  attempt,
});

/** One connection that hears of new steps and holds the locks; made anew when it was lost, and its locks with it. */
function createSession(core: Postgres<'core'>, ring: () => void) {
  let current: PoolClient | undefined;

  const lose = (client: PoolClient): void => {
    if (current !== client) return;
    current = undefined;
    client.release(true);
    ring();
  };
  const connect = async (): Promise<PoolClient> => {
    const client = await core.pool.connect();
    client.on('error', () => lose(client));
    client.on('end', () => lose(client));
    client.on('notification', ring);
    current = client;
    await client.query(`listen ${stepChannel}`);
    return client;
  };
  /** One query at a time on the one connection. */
  let last: Promise<unknown> = Promise.resolve();
  const ask = (client: PoolClient, call: string, tenantId: string): Promise<boolean> => {
    const query = async (): Promise<boolean> => {
      const text = `select ${call}($1, hashtext($2)) as ok`;
      const { rows } = await client.query<{ ok: boolean }>(text, [lockClass, tenantId]);
      return rows[0]?.ok ?? false;
    };
    const answer = last.then(query);
    last = answer.catch(() => undefined);
    return answer;
  };
  const locksOf = (client: PoolClient) => ({
    take: (tenantId: string): Promise<boolean> => ask(client, 'pg_try_advisory_lock', tenantId),
    async give(tenantId: string): Promise<void> {
      if (current === client) await ask(client, 'pg_advisory_unlock', tenantId).catch(() => lose(client));
    },
  });
  return {
    open: async () => locksOf(current ?? (await connect())),
    async close(): Promise<void> {
      const client = current;
      current = undefined;
      client?.release(true);
    },
  };
}
