// A process of its own that a test kills: it consumes numbers and writes each down, and says over IPC where it is.
import { setTimeout as sleep } from 'node:timers/promises';
import { type EventContract, event } from '../../../src/contracts/events/event';
import { createKafka } from '../../../src/platform/kafka/create-kafka';
import { createPgConsumerStore } from '../../../src/platform/kafka/create-pg-consumer-store';
import { on } from '../../../src/platform/kafka/event-handler';
import { createLogger } from '../../../src/platform/logging/create-logger';
import { createPostgres } from '../../../src/platform/postgres/create-postgres';
import type { CoreSql } from '../../../src/platform/postgres/sql';

export type EffectProgramArgs = {
  readonly brokers: string;
  readonly url: string;
  readonly group: string;
  readonly contract: EventContract;
};

async function main(): Promise<void> {
  const { brokers, url, group, contract } = JSON.parse(process.argv[2] ?? '') as EffectProgramArgs;
  const log = createLogger('effects', 'fatal');
  const backoff = (): number => 50;
  const kafka = createKafka({ brokers: [brokers], clientId: 'effects', log, backoff });
  const postgres = createPostgres('core', { url, name: 'effects' });
  const counted = event(contract.type, contract.topic, contract.data);
  await kafka.runConsumer({
    group,
    store: createPgConsumerStore(postgres, 'saga'),
    maxPerTransaction: 3,
    handlers: [
      on(counted, async ({ key, data }, sql: CoreSql) => {
        const { n } = data as { n: number };
        await sql.run`insert into effect (key, n) values (${key}, ${n})`;
        process.send?.('effect');
        // The window in which a kill finds the effect made and not committed.
        await sleep(2);
      }),
    ],
  });
}

void main();
