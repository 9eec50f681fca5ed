import { randomUUID } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';

/** What EventBridge says of a stack, as the user guide of CloudFormation documents it. */
export const stackEventBody = (stackId: string, status: string, more: object = {}) => ({
  version: '0',
  id: randomUUID(),
  'detail-type': 'CloudFormation Stack Status Change',
  source: 'aws.cloudformation',
  account: '111111111111',
  time: '2026-11-20T10:00:00Z',
  region: 'us-east-1',
  resources: [stackId],
  detail: { 'stack-id': stackId, 'status-details': { status, 'status-reason': '' }, ...more },
});

export const sqsRecord = (body: unknown): SQSRecord => ({
  messageId: randomUUID(),
  body: typeof body === 'string' ? body : JSON.stringify(body),
  receiptHandle: 'any',
  attributes: {
    ApproximateReceiveCount: '1',
    SentTimestamp: '0',
    SenderId: 'events.amazonaws.com',
    ApproximateFirstReceiveTimestamp: '0',
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:us-east-1:111111111111:stacks',
  awsRegion: 'us-east-1',
});
