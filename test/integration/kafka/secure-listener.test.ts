import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { event } from '../../../src/contracts/events/event';
import { createAppender } from '../../../src/platform/kafka/append/create-appender';
import { createBatchWriter } from '../../../src/platform/kafka/append/record-batch';
import type { Kafka } from '../../../src/platform/kafka/create-kafka';
import { createKafka } from '../../../src/platform/kafka/create-kafka';
import { createTestLog, Numbered, quickBackoff } from '../../helpers/messaging';
import { createOwnEngines, type OwnEngines } from '../../helpers/own-engines';
import { secureKafka, unsignedToken } from '../../helpers/secure-kafka';
import { selfSigned } from '../../helpers/self-signed';
import { until } from '../../helpers/until';

/** kafkajs signs in again ten seconds before a session ends, and brokers want a second between two times. */
const sessions = { LONG: 11_500, BRIEF: 1_500 };
const trusted = getCACertificates('default');
const topic = { name: 'secure.v1', partitions: 1, retentionMs: -1, compacted: false, consumed: false };
let own: OwnEngines;
let brokers: Awaited<ReturnType<typeof secureKafka>>;
let plain: Kafka;

beforeAll(async () => {
  const tls = selfSigned();
  setDefaultCACertificates([...trusted, tls.certificate]);
  own = createOwnEngines();
  brokers = await secureKafka(own, tls, sessions);
  plain = createKafka({ brokers: [brokers.plain], clientId: 'plain', log: createTestLog().log, backoff: quickBackoff });
  await plain.ensureTopics([topic]);
});
afterAll(async () => {
  await plain?.close();
  await own.end();
  setDefaultCACertificates(trusted);
});

/** Keeps what it answered. */
function tokens() {
  const asked: string[] = [];
  const token = async () => {
    asked.push(unsignedToken('core'));
    return asked.at(-1) ?? '';
  };
  return { asked, token };
}

const secured = (token: () => Promise<string>): Kafka =>
  createKafka({
    brokers: [brokers.long],
    tls: true,
    token,
    clientId: 'secure',
    log: createTestLog().log,
    backoff: quickBackoff,
  });

const oneRecord = (key: string) => {
  const writer = createBatchWriter();
  writer.add(key, 'value', '', 0);
  return writer.take();
};

describe('a client on a listener with TLS and tokens', () => {
  it('writes as who its token says, and goes on beyond the life of a session with a new token', async () => {
    const { asked, token } = tokens();
    const kafka = secured(token);
    const send = () => kafka.producer().send([{ topic: topic.name, key: 'k', value: 'v', headers: {} }]);
    await send();
    const first = asked.length;
    expect(first).toBeGreaterThan(0);
    const failures: unknown[] = [];
    await until(async () => {
      await send().catch((error: unknown) => failures.push(error));
      return asked.length >= first + 2;
    });
    expect(failures).toEqual([]);
    await kafka.close();
  });

  it('reads on beyond the lives of sessions, every message once and in order', async () => {
    const { asked, token } = tokens();
    const kafka = secured(token);
    const counted = event('thing.counted', { ...topic, name: 'counted.v1' }, Numbered);
    await plain.ensureTopics([counted.topic]);
    const seen: number[] = [];
    const consumer = await kafka.runBatchConsumer({
      group: 'reader',
      events: [counted],
      handleBatch: async (messages) => void seen.push(...messages.map(({ data }) => (data as { n: number }).n)),
    });
    const first = asked.length;
    let sent = 0;
    await until(async () => {
      await plain.producer().publish(counted, 'test', { key: 'k', data: { n: sent++ } });
      return asked.length >= first + 4 && seen.length > 0;
    });
    await until(() => seen.length === sent);
    expect(seen).toEqual(Array.from({ length: sent }, (_, n) => n));
    await consumer.stop();
    await kafka.close();
  });

  it('is refused with a token that is not one', async () => {
    const kafka = secured(async () => 'nobody');
    await expect(kafka.ping()).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
    await kafka.close();
  });
});

describe('appending batches on a listener with TLS and tokens', () => {
  it('signs in once for many batches, and anew before its session ends, without one that fails', async () => {
    const { asked, token } = tokens();
    const appender = createAppender({ brokers: [brokers.brief], clientId: 'append', tls: true, token });
    await Promise.all(Array.from({ length: 20 }, (_, n) => appender.append(topic.name, oneRecord(`a${n}`), 5_000)));
    expect(asked).toHaveLength(1);
    const failures: unknown[] = [];
    let batches = 0;
    await until(async () => {
      const batch = oneRecord(`b${batches++}`);
      await appender.append(topic.name, batch, 5_000).catch((error: unknown) => failures.push(error));
      return asked.length >= 4;
    });
    expect(failures).toEqual([]);
    expect(batches).toBeGreaterThan(asked.length);
    appender.close();
  });

  it('says why it is refused', async () => {
    const token = async () => unsignedToken('core', -60);
    const appender = createAppender({ brokers: [brokers.brief], clientId: 'append', tls: true, token });
    await expect(appender.append(topic.name, oneRecord('d'), 5_000)).rejects.toMatchObject({
      code: 'KLT_DEPENDENCY_UNAVAILABLE',
      message: expect.stringContaining('let us in'),
    });
    appender.close();
  });

  it('passes on that no token is to be had', async () => {
    const token = () => Promise.reject(new Error('no credentials'));
    const appender = createAppender({ brokers: [brokers.brief], clientId: 'append', tls: true, token });
    await expect(appender.append(topic.name, oneRecord('e'), 5_000)).rejects.toThrow('no credentials');
    appender.close();
  });

  it('is not taken for one that signs in when it has no token', async () => {
    const appender = createAppender({ brokers: [brokers.brief], clientId: 'append', tls: true });
    await expect(appender.append(topic.name, oneRecord('f'), 5_000)).rejects.toMatchObject({
      code: 'KLT_DEPENDENCY_UNAVAILABLE',
    });
    appender.close();
  });
});
