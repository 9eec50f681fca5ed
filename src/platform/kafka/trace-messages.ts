import { toKolateError } from '../../contracts/errors';
import type { Message } from '../../contracts/events/event';
import type { Span, Tracer } from '../telemetry/tracer';

export type TracedMessage<M extends Message> = {
  readonly message: M;
  readonly place: { readonly topic: string; readonly partition: number; readonly offset: number };
};

/**
 * Records the handling of messages: a span for each whose producer was recorded, below the producer's. A message that carries no
 * trace begins none: there are too many of them, and nothing to see them with.
 * @param handle is given the messages with their spans' `traceparent`, so that what it sends is seen below them
 */
export async function traceMessages<M extends Message, T>(
  tracer: Tracer,
  group: string,
  handled: readonly TracedMessage<M>[],
  handle: (messages: readonly M[]) => Promise<T>,
): Promise<T> {
  const spans: Span[] = [];
  const messages = handled.map(({ message, place }) => {
    const span = tracer.follow('consumer', `process ${place.topic}`, message.traceparent, {
      'messaging.system': 'kafka',
      'messaging.operation.type': 'process',
      'messaging.destination.name': place.topic,
      'messaging.destination.partition.id': String(place.partition),
      'messaging.kafka.offset': place.offset,
      'messaging.consumer.group.name': group,
      'messaging.message.id': message.id,
      'kolate.event_type': message.type,
      'kolate.tenant_id': message.tenantId,
    });
    if (!span) return message;
    spans.push(span);
    return { ...message, traceparent: span.traceparent };
  });
  try {
    const result = await handle(messages);
    for (const span of spans) span.end();
    return result;
  } catch (error) {
    const { code } = toKolateError(error);
    for (const span of spans) span.end(code);
    throw error;
  }
}
