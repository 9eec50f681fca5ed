import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { createKafkaEngine } from '../../../local/engines/kafka-engine';
import { createOwnEngines } from '../../helpers/own-engines';

const engines = createOwnEngines();
afterAll(() => engines.end());

const connect = (brokers: string) =>
  new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING, clientId: 'test', retry: { retries: 10 } });

const clusterIdOf = (dir: string) =>
  readFileSync(join(dir, 'data/meta.properties'), 'utf8').match(/^cluster\.id=(.+)$/m)?.[1];

it('keeps topics and messages over kill -9, and each home has a cluster of its own', async () => {
  const place = await engines.place('kafka');
  const engine = createKafkaEngine({ ...place, controllerPort: await engines.port() });
  const running = await engines.start(engine);
  const kafka = connect(engine.endpoint.brokers);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'kept.v1', numPartitions: 1 }], waitForLeaders: true });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: 'kept.v1', acks: -1, messages: [{ value: 'a' }, { value: 'b' }] });
  await Promise.all([producer.disconnect(), admin.disconnect()]);
  process.kill(running.pid, 'SIGKILL');
  await running.exited;
  await engines.start(engine);
  const again = connect(engine.endpoint.brokers).admin();
  await again.connect();
  expect(await again.fetchTopicOffsets('kept.v1')).toMatchObject([{ partition: 0, low: '0', high: '2' }]);
  await again.disconnect();

  const other = createKafkaEngine({ ...(await engines.place('other')), controllerPort: await engines.port() });
  await other.prepare();
  expect(clusterIdOf(join(engines.home, 'other'))).toMatch(/^[\w-]{22}$/);
  expect(clusterIdOf(join(engines.home, 'other'))).not.toBe(clusterIdOf(place.dir));
});

it('makes no topic by itself', async () => {
  const engine = createKafkaEngine({ ...(await engines.place('strict')), controllerPort: await engines.port() });
  await engines.start(engine);
  const producer = connect(engine.endpoint.brokers).producer({
    retry: { retries: 4, initialRetryTime: 50 },
    allowAutoTopicCreation: true,
  });
  await producer.connect();
  await expect(producer.send({ topic: 'mistyped', messages: [{ value: 'a' }] })).rejects.toThrow();
  await producer.disconnect();
});
