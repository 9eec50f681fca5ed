import { randomUUID } from 'node:crypto';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { stackStatusChanged } from '../../../src/contracts/events/stack-events';
import { decodeMessage, validateData } from '../../../src/platform/kafka/message-codec';
import { testKafka } from '../../helpers/engines';
import { handlerBundle } from '../../helpers/handler-bundle';
import { createTestLog, kafkaForTest, readTopic } from '../../helpers/messaging';
import { sqsRecord, stackEventBody } from '../../helpers/stack-events';
import { until } from '../../helpers/until';

type Handler = (event: Pick<SQSEvent, 'Records'>) => Promise<SQSBatchResponse>;
const before = { ...process.env };
const stackName = `kolate-${randomUUID()}`;
const stackId = `arn:aws:cloudformation:us-east-1:111111111111:stack/${stackName}/${randomUUID()}`;

const news = (status: string, more: object = {}) => stackEventBody(stackId, status, more);

let handler: Handler;
let topic: Awaited<ReturnType<typeof readTopic>>;

beforeAll(async () => {
  const { brokers } = await testKafka();
  const kafka = await kafkaForTest(createTestLog().log);
  await kafka.ensureTopics([stackStatusChanged.topic]);
  await kafka.close();
  topic = await readTopic(stackStatusChanged.topic.name);
  process.env.KOLATE_KAFKA_BROKERS = brokers;
  ({ handler } = (await import(handlerBundle('stack-events'))) as { handler: Handler });
});
afterAll(async () => {
  process.env = before;
  await topic.close();
});

const brought = () =>
  topic.records.map(decodeMessage).filter((message) => message.key === stackName && message.source === 'stack-events');

describe('the function that brings news of stacks to Kafka', () => {
  it('brings each as a message of its contract, keyed by the stack, under the id of the event', async () => {
    const created = news('CREATE_COMPLETE', { 'client-request-token': 'saga-1-provision' });
    expect(await handler({ Records: [sqsRecord(created)] })).toEqual({ batchItemFailures: [] });
    await until(() => brought().length === 1);
    const [message] = brought();
    validateData(stackStatusChanged, message?.data);
    expect(message).toMatchObject({ id: created.id, type: 'stack.status_changed', time: created.time });
    expect(message?.data).toEqual({
      ...{ stackName, stackId, status: 'CREATE_COMPLETE', requestToken: 'saga-1-provision' },
    });
  });

  it('names what it could not read, and brings the rest of the batch', async () => {
    const known = brought().length;
    const rollback = news('ROLLBACK_COMPLETE', {
      'status-details': { status: 'ROLLBACK_COMPLETE', 'status-reason': 'Volume: quota' },
    });
    const unreadable = [
      sqsRecord('{'),
      sqsRecord({ ...news('CREATE_COMPLETE'), source: 'somebody.else' }),
      sqsRecord({}),
    ];
    const records = [sqsRecord(rollback), ...unreadable, sqsRecord(news('DELETE_COMPLETE'))];
    const { batchItemFailures } = await handler({ Records: records });
    expect(batchItemFailures).toEqual(unreadable.map(({ messageId }) => ({ itemIdentifier: messageId })));
    await until(() => brought().length === known + 2);
    expect(brought().map(({ data }) => data)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ status: 'ROLLBACK_COMPLETE', reason: 'Volume: quota' }),
        expect.objectContaining({ status: 'DELETE_COMPLETE' }),
      ]),
    );
  });
});
