import type { PoolClient } from 'pg';
import type { Backoff } from '../kafka/record';
import type { Logger } from '../logging/create-logger';
import type { Postgres } from '../postgres/create-postgres';
import { outboxChannel } from './create-outbox';
import { drainOutbox, type RecordSink } from './drain-outbox';

export type OutboxRelayOptions = {
  readonly postgres: Postgres;
  readonly schema: string;
  readonly producer: RecordSink;
  readonly log: Logger;
  /** Wait after a failure; the attempts are the failures in a row. */
  readonly backoff: Backoff;
  /** Rows in one transaction. */
  readonly batchSize?: number;
  /** The outbox is looked at that often even when nothing said that it holds something. */
  readonly pollMs?: number;
  /** Whether to hold a connection that is told of new rows; without it there are `poke` and the poll. */
  readonly listen?: boolean;
};

export type OutboxRelay = {
  /** Says that rows have been committed. */
  poke(): void;
  /** Ends after the batch that is under way. */
  close(): Promise<void>;
};

/**
 * Publishes the outbox of `schema` as rows arrive, in order, until it is closed. It survives the loss of the database
 * and of the broker; of several relays on one outbox one works at a time.
 */
export function createOutboxRelay(options: OutboxRelayOptions): OutboxRelay {
  const { log, schema, backoff, batchSize = 500, pollMs = 2_000, listen = true } = options;
  const bell = createBell();
  let closed = false;

  const run = async (): Promise<void> => {
    for (let failures = 0; !closed; ) {
      try {
        const published = await drainOutbox({ ...options, batchSize });
        failures = 0;
        // A full batch: there may be more. `busy`: whoever holds the lock may have looked before our rows came.
        if (published === batchSize) continue;
        await bell.wait(published === 'busy' ? Math.min(pollMs, busyPollMs) : pollMs);
      } catch (error) {
        failures += 1;
        log.warn({ err: error, schema, failures }, 'the outbox could not be published; trying again');
        await bell.wait(backoff(failures), { deaf: true });
      }
    }
  };
  const listener = listen ? createListener(options.postgres, outboxChannel(schema), bell.ring, backoff) : undefined;
  const done = run();
  return {
    poke: bell.ring,
    async close() {
      closed = true;
      bell.end();
      await Promise.all([done, listener?.close()]);
    },
  };
}

const busyPollMs = 200;

/** A wait that `ring` ends early; a ring while nobody waits ends the next wait. `deaf` waits are ended by `end` alone. */
function createBell() {
  let rung = false;
  let ended = false;
  let wake: (() => void) | undefined;
  let hears = true;
  const ring = (): void => {
    rung = true;
    if (hears) wake?.();
  };
  return {
    ring,
    end(): void {
      ended = true;
      wake?.();
    },
    async wait(ms: number, { deaf = false } = {}): Promise<void> {
      if (ended || (rung && !deaf)) {
        rung = false;
        return;
      }
      hears = !deaf;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wake = undefined;
      rung = false;
    },
  };
}

/** Holds one connection with LISTEN, replaced when it is lost; `ring` after each new connection too, for what was missed. */
function createListener(postgres: Postgres, channel: string, ring: () => void, backoff: Backoff) {
  let closed = false;
  let current: PoolClient | undefined;
  let timer: NodeJS.Timeout | undefined;
  let failures = 0;

  const connect = async (): Promise<void> => {
    try {
      const client = await postgres.connect();
      if (closed) return client.release(true);
      current = client;
      client.on('notification', ring);
      client.on('error', () => lose(client));
      client.on('end', () => lose(client));
      await client.query(`listen ${channel}`);
      failures = 0;
      ring();
    } catch {
      if (current) lose(current);
      else again();
    }
  };
  const lose = (client: PoolClient): void => {
    if (current !== client) return;
    current = undefined;
    client.removeListener('notification', ring);
    client.release(true);
    again();
  };
  const again = (): void => {
    failures += 1;
    if (!closed) timer = setTimeout(() => void connect(), backoff(failures));
  };
  const started = connect();
  return {
    async close(): Promise<void> {
      closed = true;
      clearTimeout(timer);
      await started;
      const client = current;
      current = undefined;
      client?.release(true);
    },
  };
}
