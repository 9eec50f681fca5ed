import { randomUUID } from 'node:crypto';
import { KolateError } from '../../contracts/errors';
import type { DataOf, EventContract, Message } from '../../contracts/events/event';
import { fieldErrors, strictValidator } from '../config/validators';
import { headerText, type OutgoingRecord, type ReceivedRecord } from './record';

/** What the sender of a message says of it; `id` is drawn and `time` is now where they are absent. */
export type MessageFields<D> = {
  readonly key: string;
  readonly data: D;
  readonly id?: string;
  readonly time?: string;
  readonly tenantId?: string;
  readonly correlationId?: string;
  /** Id of the message that this one answers or follows from. */
  readonly causationId?: string;
  readonly traceparent?: string;
};

/** @throws KolateError KLT_EVENT_INVALID when the data do not fit the contract */
export function newMessage<E extends EventContract>(
  event: E,
  source: string,
  fields: MessageFields<DataOf<E>>,
): Message<DataOf<E>> {
  validateData(event, fields.data);
  return {
    id: fields.id ?? randomUUID(),
    type: event.type,
    source,
    time: fields.time ?? new Date().toISOString(),
    key: fields.key,
    tenantId: fields.tenantId,
    correlationId: fields.correlationId,
    causationId: fields.causationId,
    traceparent: fields.traceparent,
    data: fields.data,
  };
}

/** @throws KolateError KLT_EVENT_INVALID with the pointers at fault */
export function validateData(event: EventContract, data: unknown): void {
  const validate = strictValidator(event.data);
  if (validate(data)) return;
  const errors = fieldErrors(validate.errors);
  const faults = errors.map(({ pointer, detail }) => `${pointer || '/'} ${detail}`).join('; ');
  throw new KolateError('KLT_EVENT_INVALID', `${event.type}: ${faults}`, { errors });
}

/** The attributes of CloudEvents 1.0 that travel as headers, and the members of `Message` that they carry. */
const optionalAttributes = {
  ce_tenantid: 'tenantId',
  ce_correlationid: 'correlationId',
  ce_causationid: 'causationId',
  ce_traceparent: 'traceparent',
} as const;

/** The message as a CloudEvent in Kafka's binary mode: attributes in headers, data as JSON. */
export function encodeMessage(topic: string, message: Message, json = JSON.stringify(message.data)): OutgoingRecord {
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: message.id,
    ce_type: message.type,
    ce_source: message.source,
    ce_time: message.time,
    'content-type': 'application/json',
  };
  for (const [header, member] of Object.entries(optionalAttributes)) {
    const value = message[member];
    if (value !== undefined) headers[header] = value;
  }
  return { topic, key: message.key, value: json, headers };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws KolateError KLT_EVENT_INVALID when it is not a CloudEvent in binary mode with a key and JSON data */
export function decodeMessage(record: ReceivedRecord): Message {
  if (headerText(record, 'ce_specversion') !== '1.0') throw invalid('ce_specversion is not 1.0');
  const required = (name: string): string => {
    const value = headerText(record, name);
    if (!value) throw invalid(`the header ${name} is missing`);
    return value;
  };
  return {
    id: required('ce_id'),
    type: required('ce_type'),
    source: required('ce_source'),
    time: required('ce_time'),
    key: textOf('key', record.key),
    tenantId: headerText(record, 'ce_tenantid'),
    correlationId: headerText(record, 'ce_correlationid'),
    causationId: headerText(record, 'ce_causationid'),
    traceparent: headerText(record, 'ce_traceparent'),
    data: parse(textOf('value', record.value)),
  };
}

const invalid = (detail: string, cause?: unknown): KolateError =>
  new KolateError('KLT_EVENT_INVALID', detail, { cause });

function textOf(what: string, bytes: Buffer | null): string {
  if (bytes === null) throw invalid(`the ${what} is missing`);
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw invalid(`the ${what} is not UTF-8`, error);
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw invalid('the value is not JSON', error);
  }
}
