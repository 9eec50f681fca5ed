import type { DataOf, EventContract } from '../../contracts/events/event';
import type { MessageFields } from '../../platform/kafka/message-codec';
import { createOutbox } from '../../platform/outbox/create-outbox';
import type { CoreSql } from '../../platform/postgres/sql';

export const serviceName = 'enterprise-info';
export const schema = 'tenancy';

/** Publishes `event` if and only if the transaction of `sql` commits. */
export const publish = <E extends EventContract>(
  sql: CoreSql,
  event: E,
  fields: MessageFields<DataOf<E>>,
): Promise<void> => createOutbox(sql, { schema, source: serviceName }).add(event, fields);
