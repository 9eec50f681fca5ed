import { StackEventsEnv } from '../../contracts/env/stack-events-env';
import { jitteredBackoff } from '../../domain/backoff';
import { readEnv } from '../../platform/config/read-env';
import { createKafka } from '../../platform/kafka/create-kafka';
import type { Producer } from '../../platform/kafka/create-producer';
import { resolveBrokers } from '../../platform/kafka/resolve-brokers';
import { createLogger } from '../../platform/logging/create-logger';
import { createBringStackEvents } from './bring-stack-events';

const env = readEnv(StackEventsEnv, process.env);
// Line by line: between two calls nothing runs here that could write what was gathered.
const log = createLogger('stack-events', env.KOLATE_LOG_LEVEL, { write: (line) => void process.stdout.write(line) });
const backoff = jitteredBackoff({ baseMs: 100, maxMs: 2_000 }, Math.random);

const open = async (): Promise<Producer> => {
  const brokers = await resolveBrokers(env);
  return createKafka({ ...brokers, clientId: 'stack-events', log, backoff }).producer();
};

/** Kept from call to call; one that could not be had is asked for again by the next call. */
let opening: Promise<Producer> | undefined;
const producer = (): Promise<Producer> => {
  opening ??= open().catch((error: unknown) => {
    opening = undefined;
    throw error;
  });
  return opening;
};

export const handler = createBringStackEvents({ producer, log });
