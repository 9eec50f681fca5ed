// A program of its own, to be killed: stores predictions of one tenant, as predict-registry does.
import { Registry } from 'prom-client';
import { createKafka } from '../../src/platform/kafka/create-kafka';
import { createLogger } from '../../src/platform/logging/create-logger';
import { createPostgres } from '../../src/platform/postgres/create-postgres';
import { createShards } from '../../src/platform/tenancy/shards';
import { runPredictionConsumer } from '../../src/services/predict/predictions/run-prediction-consumer';

const { BROKERS = '', DATABASE = '', TOPIC = '', GROUP = '' } = process.env;
const log = createLogger('consumer', 'warn');
const postgres = createPostgres('tenant', { url: DATABASE, name: 'consumer' });
const backoff = (): number => 50;
const kafka = createKafka({ brokers: [BROKERS], clientId: 'consumer', log, backoff });

void runPredictionConsumer({
  kafka,
  openShards: async () => createShards([postgres]),
  metrics: new Registry(),
  log,
  backoff,
  topic: TOPIC,
  group: GROUP,
});
