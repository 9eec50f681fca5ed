// Core's saga engine in a process of its own, for a test that kills it.
import { Registry } from 'prom-client';
import { createKafka } from '../../../src/platform/kafka/create-kafka';
import { createLogger } from '../../../src/platform/logging/create-logger';
import { createPostgres } from '../../../src/platform/postgres/create-postgres';
import { startSagas } from '../../../src/services/core/sagas/create-sagas';

export type CoreProgramArgs = { readonly brokers: string; readonly url: string; readonly namespace: string };

async function main(): Promise<void> {
  const { brokers, url, namespace } = JSON.parse(process.argv[2] ?? '') as CoreProgramArgs;
  const log = createLogger('core', 'fatal');
  const backoff = (): number => 50;
  const kafka = createKafka({ brokers: [brokers], clientId: 'core', log, backoff, namespace });
  const postgres = createPostgres('core', { url, name: 'core' });
  await startSagas({ postgres, kafka, log, backoff, metrics: new Registry() });
}

void main();
