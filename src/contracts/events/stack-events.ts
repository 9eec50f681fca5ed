import { Type } from '@sinclair/typebox';
import { strict } from '../http/common';
import { topics } from '../topics';
import { event } from './event';

/** A stack of CloudFormation has come further. News may be late, lost or repeated, and two of one stack out of order. */
export const stackStatusChanged = event(
  'stack.status_changed',
  topics.stackLifecycle,
  Type.Object(
    {
      stackName: Type.String(),
      stackId: Type.String(),
      /** In CloudFormation's words, such as `CREATE_COMPLETE`. */
      status: Type.String(),
      reason: Type.Optional(Type.String()),
      /** What the change was asked for with. */
      requestToken: Type.Optional(Type.String()),
    },
    strict,
  ),
);
