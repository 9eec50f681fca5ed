import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { Registry } from 'prom-client';
import { KolateError } from '../../../src/contracts/errors';
import { deadLetterTopic, retryTopic } from '../../../src/contracts/topics';
import { type Appender, createAppender } from '../../../src/platform/kafka/append/create-appender';
import { createBatchWriter } from '../../../src/platform/kafka/append/record-batch';
import type { Kafka } from '../../../src/platform/kafka/create-kafka';
import { createShards, type Shards } from '../../../src/platform/tenancy/shards';
import { runPredictionConsumer } from '../../../src/services/predict/predictions/run-prediction-consumer';
import { createIds } from '../../../src/services/predict/protocol/create-id';
import type { PredictionRecord } from '../../../src/services/predict/protocol/prediction-record';
import { createRecorder } from '../../../src/services/predict/recording/create-recorder';
import { testKafka } from '../../helpers/engines';
import { createTestLog, kafkaForTest, quickBackoff, readTopic } from '../../helpers/messaging';
import { type TenantTestDatabase, tenantDatabase } from '../../helpers/tenant-database';
import { until } from '../../helpers/until';

const newId = createIds();
const { log } = createTestLog();
const tenants = [randomUUID(), randomUUID()] as const;
let databases: TenantTestDatabase[];
let kafka: Kafka;
let appender: Appender;
let broker: string;

beforeAll(async () => {
  databases = await Promise.all(tenants.map(() => tenantDatabase()));
  kafka = await kafkaForTest(log);
  broker = (await testKafka()).brokers;
  appender = createAppender({ brokers: [broker], clientId: 'test' });
}, 120_000);
afterAll(async () => {
  appender.close();
  await kafka.close();
  for (const database of databases) await database.drop();
});
beforeEach(async () => {
  for (const { postgres } of databases)
    await postgres.sql.query('truncate prediction.prediction, prediction.consumer_offset');
});

async function newTopic(): Promise<string> {
  const helper = await testKafka();
  const topic = helper.uniqueTopic('prediction');
  await helper.createTopics([topic, retryTopic(topic), deadLetterTopic(topic)], 2);
  return topic;
}

const record = (tenantId: string, more: Partial<PredictionRecord> = {}): PredictionRecord => ({
  id: newId(),
  tenantId,
  model: 'iris',
  version: '1',
  requestId: 'from the caller "ü"',
  inputsJson: '[{"name":"x","datatype":"INT64","shape":[1],"data":[9007199254740993]}]',
  inputsSha256: undefined,
  outputsJson: '[{"name":"y","datatype":"FP32","shape":[2],"data":[0.25,1e999]}]',
  rows: 1,
  latencyMs: 1.25,
  at: Date.now(),
  recording: 'required',
  ascii: false,
  ...more,
});

const recorderFor = (topic: string) =>
  createRecorder({ appender, metrics: new Registry(), log, backoff: quickBackoff, topic }).record;

const open = async (tenantId: string): Promise<Shards> => {
  const database = databases[(tenants as readonly string[]).indexOf(tenantId)];
  if (!database) throw new KolateError('KLT_TENANT_NOT_FOUND', 'there is no such tenant');
  return createShards([database.postgres]);
};

async function consume(topic: string, openShards = open, attempts = 50) {
  const metrics = new Registry();
  const group = `recorder-${randomUUID()}`;
  const options = { kafka, openShards, metrics, log, backoff: () => 100, attempts, restMs: 100, topic, group };
  const consumer = await runPredictionConsumer(options);
  const counted = async (outcome: string): Promise<number> => {
    const { values } = await metrics.getSingleMetric('kolate_predictions_recorded_total')!.get();
    return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
  };
  return { ...consumer, counted, group };
}

const countOf = async (tenant: 0 | 1): Promise<number> => {
  const { rows } = await databases[tenant]!.postgres.sql.query<{ n: number }>(
    'select count(*)::int as n from prediction.prediction',
  );
  return rows[0]?.n ?? 0;
};

describe('recording predictions', () => {
  it('stores each in its own tenant’s database, number by number as it was', async () => {
    const topic = await newTopic();
    const write = recorderFor(topic);
    const mine = record(tenants[0]);
    await Promise.all([
      write(mine),
      write(record(tenants[1], { requestId: undefined, inputsJson: undefined, inputsSha256: 'ab' })),
    ]);
    const consumer = await consume(topic);
    await until(async () => (await countOf(0)) === 1 && (await countOf(1)) === 1);
    await consumer.stop();
    const { rows } = await databases[0]!.postgres.sql.query(
      'select *, inputs::text as inputs, outputs::text as outputs from prediction.prediction',
    );
    expect(rows).toEqual([
      {
        id: mine.id,
        model: 'iris',
        version: '1',
        request_id: 'from the caller "ü"',
        inputs: mine.inputsJson,
        inputs_sha256: null,
        outputs: mine.outputsJson,
        rows: 1,
        latency_ms: 1.25,
        at: new Date(mine.at),
      },
    ]);
    const others = await databases[1]!.postgres.sql.query(
      'select request_id, inputs, inputs_sha256 from prediction.prediction',
    );
    expect(others.rows).toEqual([{ request_id: null, inputs: null, inputs_sha256: 'ab' }]);
  });

  it('does not bring back what was deleted when Kafka gives the records again', async () => {
    const topic = await newTopic();
    const write = recorderFor(topic);
    await Promise.all(Array.from({ length: 20 }, () => write(record(tenants[0]))));
    const first = await consume(topic);
    await until(async () => (await countOf(0)) === 20);
    await first.stop();
    await databases[0]!.postgres.sql.query('delete from prediction.prediction');
    // The same group's name in the tenant's books, but nothing committed in Kafka: as after a crash before the commit.
    await databases[0]!.postgres.sql.query(`update prediction.consumer_offset set consumer = 'again'`);
    const metrics = new Registry();
    const options = { kafka, openShards: open, metrics, log, backoff: quickBackoff, topic, group: 'again' };
    const second = await runPredictionConsumer(options);
    await write(record(tenants[0]));
    await until(async () => (await countOf(0)) === 1);
    const { values } = await metrics.getSingleMetric('kolate_predictions_recorded_total')!.get();
    expect(values).toContainEqual({ labels: { outcome: 'seen' }, value: 20 });
    await second.stop();
  });

  it('stores every record once though its process is killed in between', async () => {
    const topic = await newTopic();
    const write = recorderFor(topic);
    const env = { BROKERS: broker, DATABASE: databases[0]!.url, TOPIC: topic, GROUP: `killed-${randomUUID()}` };
    const total = 3_000;
    for (let n = 0; n < total; n += 100) {
      await Promise.all(Array.from({ length: 100 }, () => write(record(tenants[0]))));
    }
    let killedAt = 0;
    let program = startProgram(env);
    await until(async () => {
      killedAt = await countOf(0);
      return killedAt > 0;
    }, 30_000);
    program.kill('SIGKILL');
    expect(killedAt).toBeLessThan(total);
    await new Promise((done) => program.once('exit', done));
    program = startProgram(env);
    await until(async () => (await countOf(0)) >= total, 40_000);
    program.kill('SIGKILL');
    expect(await countOf(0)).toBe(total);
  }, 90_000);

  it('lets a tenant whose database is away wait, not the others, and loses nothing', async () => {
    const topic = await newTopic();
    const write = recorderFor(topic);
    let away = true;
    const consumer = await consume(topic, async (tenantId) => {
      if (away && tenantId === tenants[0]) throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'down');
      return open(tenantId);
    });
    for (let n = 0; n < 5; n++) await Promise.all([write(record(tenants[0])), write(record(tenants[1]))]);
    await until(async () => (await countOf(1)) === 5);
    await until(async () => (await consumer.counted('set_aside')) > 5);
    expect(await countOf(0)).toBe(0);
    away = false;
    await until(async () => (await countOf(0)) === 5);
    await consumer.stop();
  });

  it('makes a dead letter of a record that has waited too often', async () => {
    const topic = await newTopic();
    const paused = new KolateError('KLT_TENANT_PAUSED', 'is being moved');
    const consumer = await consume(topic, () => Promise.reject(paused), 3);
    const one = record(tenants[0]);
    await recorderFor(topic)(one);
    const reader = await readTopic(deadLetterTopic(topic));
    await until(() => reader.records.length === 1);
    expect(reader.records[0]?.key?.toString()).toBe(one.id);
    await reader.close();
    await consumer.stop();
  });

  it('drops and counts the records of a tenant that is gone', async () => {
    const topic = await newTopic();
    const write = recorderFor(topic);
    await Promise.all([write(record(randomUUID())), write(record(tenants[1]))]);
    const consumer = await consume(topic);
    await until(async () => (await countOf(1)) === 1 && (await consumer.counted('dropped')) === 1);
    await consumer.stop();
  });

  it('makes a dead letter of a record that PostgreSQL refuses, and stores its neighbours', async () => {
    const topic = await newTopic();
    const write = recorderFor(topic);
    const bad = record(tenants[0], { rows: 2 ** 40 });
    await Promise.all([write(record(tenants[0])), write(bad), write(record(tenants[0]))]);
    const consumer = await consume(topic);
    await until(async () => (await countOf(0)) === 2 && (await consumer.counted('dead')) === 1);
    await consumer.stop();
  });

  it('makes a dead letter of what is no prediction', async () => {
    const topic = await newTopic();
    const writer = createBatchWriter();
    writer.add('key', '{}', '', 0);
    await appender.append(topic, writer.take(), 5_000);
    const reader = await readTopic(deadLetterTopic(topic));
    const consumer = await consume(topic);
    await until(() => reader.records.length === 1);
    await reader.close();
    await consumer.stop();
  });
});

function startProgram(env: Record<string, string>): ChildProcess {
  const root = resolve(__dirname, '../../..');
  const outfile = join(root, 'node_modules/.cache/kolate-test', `prediction-consumer-${process.pid}.js`);
  buildSync({
    entryPoints: [join(root, 'test/helpers/prediction-consumer-program.ts')],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    logLevel: 'error',
  });
  return fork(outfile, { env: { ...process.env, ...env } });
}
