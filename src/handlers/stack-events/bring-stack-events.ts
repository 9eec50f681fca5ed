import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { stackStatusChanged } from '../../contracts/events/stack-events';
import type { Producer } from '../../platform/kafka/create-producer';
import type { Logger } from '../../platform/logging/create-logger';
import { readStackEvent } from './stack-event';

type Deps = { readonly producer: () => Promise<Pick<Producer, 'publish'>>; readonly log: Logger };

/**
 * Brings CloudFormation's news from a queue to Kafka. What could not be brought is named in the answer, so that the
 * queue hands it out again, by itself, and puts it aside in the end.
 */
export const createBringStackEvents =
  ({ producer, log }: Deps) =>
  async ({ Records }: SQSEvent): Promise<SQSBatchResponse> => {
    const bring = async (body: string): Promise<void> => {
      const { id, time, data } = readStackEvent(body);
      await (await producer()).publish(stackStatusChanged, 'stack-events', { id, time, data, key: data.stackName });
    };
    const outcomes = await Promise.allSettled(Records.map(({ body }) => bring(body)));
    const batchItemFailures = outcomes.flatMap((outcome, index) => {
      const itemIdentifier = Records[index]?.messageId ?? '';
      if (outcome.status === 'fulfilled') return [];
      log.warn({ err: outcome.reason, messageId: itemIdentifier }, 'news of a stack could not be brought');
      return [{ itemIdentifier }];
    });
    return { batchItemFailures };
  };
