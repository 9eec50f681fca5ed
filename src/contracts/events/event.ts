import type { Static, TSchema } from '@sinclair/typebox';
import type { Topic } from '../topics';

/** A declared kind of message: its type, where it goes, and the schema of its data. */
export type EventContract<S extends TSchema = TSchema> = {
  readonly type: string;
  readonly topic: Topic;
  readonly data: S;
};

export const event = <S extends TSchema>(type: string, topic: Topic, data: S): EventContract<S> => ({
  type,
  topic,
  data,
});

/**
 * A message as it is handed to a producer or a handler. On the wire it is a CloudEvent in Kafka's binary mode:
 * attributes in `ce_*` headers, `data` as JSON in the value, `key` as the record's key.
 */
export type Message<D = unknown> = {
  /** UUID; the same fact published twice has the same id. */
  readonly id: string;
  readonly type: string;
  /** Name of the service that says so. */
  readonly source: string;
  /** RFC 3339. */
  readonly time: string;
  readonly key: string;
  readonly tenantId: string | undefined;
  readonly correlationId: string | undefined;
  readonly causationId: string | undefined;
  readonly traceparent: string | undefined;
  readonly data: D;
};

export type DataOf<E extends EventContract> = Static<E['data']>;
