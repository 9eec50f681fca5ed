import { createAppender } from '../../../src/platform/kafka/append/create-appender';
import { createBatchWriter, encodeHeader } from '../../../src/platform/kafka/append/record-batch';
import { headerText } from '../../../src/platform/kafka/record';
import { testKafka } from '../../helpers/engines';
import { readTopic } from '../../helpers/messaging';
import { until } from '../../helpers/until';

describe('appending encoded batches', () => {
  it('gives readers the keys, values and headers that were written, from every partition', async () => {
    const kafka = await testKafka();
    const topic = kafka.uniqueTopic('append');
    await kafka.createTopics([topic], 3);
    const appender = createAppender({ brokers: [kafka.brokers], clientId: 'test' });
    const writer = createBatchWriter();
    // Lengths at which a variable-length number takes one byte more, and text outside of ASCII.
    const values = ['', 'x'.repeat(63), 'x'.repeat(64), 'ä'.repeat(40), 'x'.repeat(8_191), 'x'.repeat(8_192), '語🦊'];
    for (let batch = 0; batch < 3; batch++) {
      for (const [index, value] of values.entries()) {
        writer.add(
          `${batch}-${index}`,
          value,
          encodeHeader('ce_id', `${index}`) + encodeHeader('long', 'h'.repeat(200)),
          2,
        );
      }
      await appender.append(topic, writer.take(), 5_000);
    }
    const reader = await readTopic(topic);
    await until(() => reader.records.length === 3 * values.length);
    await reader.close();
    appender.close();
    expect(new Set(reader.records.map(({ partition }) => partition)).size).toBe(3);
    for (const record of reader.records) {
      const index = Number(record.key?.toString().split('-')[1]);
      expect(record.value?.toString()).toBe(values[index]);
      expect(headerText(record, 'ce_id')).toBe(String(index));
      expect(headerText(record, 'long')).toHaveLength(200);
    }
  });

  it('carries thousands of records in one batch, which grows past its first buffer', async () => {
    const kafka = await testKafka();
    const topic = kafka.uniqueTopic('append');
    await kafka.createTopics([topic]);
    const appender = createAppender({ brokers: [kafka.brokers], clientId: 'test' });
    const writer = createBatchWriter();
    for (let n = 0; n < 5_000; n++) writer.add(`${n}`, `value ${n}`.padEnd(100), '', 0);
    expect(writer.records()).toBe(5_000);
    await appender.append(topic, writer.take(), 5_000);
    expect(writer.bytes()).toBe(0);
    const reader = await readTopic(topic);
    await until(() => reader.records.length === 5_000);
    await reader.close();
    appender.close();
    expect(reader.records.map(({ key }) => key?.toString())).toEqual(Array.from({ length: 5_000 }, (_, n) => `${n}`));
  });

  it.each([
    [
      'a topic that is not there',
      async () => [await testKafka().then(({ brokers }) => brokers), 'no.such.topic'] as const,
    ],
    ['a broker that is not there', async () => ['127.0.0.1:1', 'any'] as const],
  ])('says that Kafka is away for %s', async (_what, where) => {
    const [broker, topic] = await where();
    const appender = createAppender({ brokers: [broker], clientId: 'test' });
    const writer = createBatchWriter();
    writer.add('key', 'value', '', 0);
    await expect(appender.append(topic, writer.take(), 2_000)).rejects.toMatchObject({
      code: 'KLT_DEPENDENCY_UNAVAILABLE',
    });
    appender.close();
  });

  it('says that a batch is too large, and goes on', async () => {
    const kafka = await testKafka();
    const topic = kafka.uniqueTopic('append');
    await kafka.createTopics([topic]);
    const appender = createAppender({ brokers: [kafka.brokers], clientId: 'test' });
    const writer = createBatchWriter();
    writer.add('key', 'x'.repeat(3_000_000), '', 0);
    await expect(appender.append(topic, writer.take(), 5_000)).rejects.toMatchObject({ code: 'KLT_BODY_TOO_LARGE' });
    writer.add('key', 'small', '', 0);
    await appender.append(topic, writer.take(), 5_000);
    appender.close();
  });
});
