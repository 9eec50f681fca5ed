import { type Static, Type } from '@sinclair/typebox';
import { KolateError } from '../../contracts/errors';
import type { DataOf } from '../../contracts/events/event';
import type { stackStatusChanged } from '../../contracts/events/stack-events';
import { strictValidator } from '../../platform/config/validators';

/** What is read of EventBridge's `CloudFormation Stack Status Change`; there is more. */
const StackEvent = Type.Object({
  id: Type.String(),
  source: Type.Literal('aws.cloudformation'),
  'detail-type': Type.Literal('CloudFormation Stack Status Change'),
  time: Type.String(),
  detail: Type.Object({
    'stack-id': Type.String({ pattern: '^arn:[\\w-]+:cloudformation:[\\w-]+:\\d+:stack/[\\w-]+/[\\w-]+$' }),
    'status-details': Type.Object({ status: Type.String(), 'status-reason': Type.Optional(Type.String()) }),
    'client-request-token': Type.Optional(Type.String()),
  }),
});

export type StackNews = {
  readonly id: string;
  readonly time: string;
  readonly data: DataOf<typeof stackStatusChanged>;
};

/** @throws KolateError KLT_EVENT_INVALID when it is not such an event */
export function readStackEvent(body: string): StackNews {
  const event = parse(body);
  if (!strictValidator(StackEvent)(event)) {
    throw new KolateError('KLT_EVENT_INVALID', 'it is not news of a stack of CloudFormation');
  }
  const { id, time, detail } = event as Static<typeof StackEvent>;
  const { 'stack-id': stackId, 'status-details': details, 'client-request-token': requestToken } = detail;
  const { status, 'status-reason': reason } = details;
  const stackName = stackId.split('/')[1] ?? '';
  const more = { ...(reason ? { reason } : {}), ...(requestToken ? { requestToken } : {}) };
  return { id, time, data: { stackName, stackId, status, ...more } };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new KolateError('KLT_EVENT_INVALID', 'it is not JSON', { cause });
  }
}
