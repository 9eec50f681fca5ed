import { Type } from '@sinclair/typebox';
import fc from 'fast-check';
import { event } from '../../../src/contracts/events/event';
import { topics } from '../../../src/contracts/topics';
import { decodeMessage, encodeMessage, newMessage, validateData } from '../../../src/platform/kafka/message-codec';
import type { OutgoingRecord, ReceivedRecord } from '../../../src/platform/kafka/record';

const toBuffer = (value: string | Buffer): Buffer => (typeof value === 'string' ? Buffer.from(value) : value);
/** As the broker would give it back. */
const received = ({ topic, key, value, headers }: OutgoingRecord): ReceivedRecord => ({
  ...{ topic, partition: 0, offset: 0 },
  key: key === null ? null : toBuffer(key),
  value: value === null ? null : toBuffer(value),
  headers: Object.fromEntries(Object.entries(headers).map(([name, content]) => [name, toBuffer(content)])),
});

const name = fc.string({ unit: 'binary', minLength: 1 });
const optional = fc.option(name, { nil: undefined });
const message = fc.record({
  ...{ id: name, type: name, source: name, time: name, key: fc.string({ unit: 'binary' }) },
  ...{ tenantId: optional, correlationId: optional, causationId: optional, traceparent: optional },
  data: fc.jsonValue(),
});
const plain = newMessage(event('thing.counted', topics.replyCore, Type.Object({ n: Type.Integer() })), 'test', {
  ...{ key: 'k', data: { n: 1 } },
});

it('reads back every message that it writes', () => {
  fc.assert(
    fc.property(message, (written) => {
      const read = decodeMessage(received(encodeMessage('topic', written)));
      // JSON knows no -0.
      expect(read).toEqual({ ...written, data: JSON.parse(JSON.stringify(written.data)) });
    }),
  );
});

it('writes a CloudEvent in binary mode', () => {
  const { headers, value, key } = encodeMessage('topic', { ...plain, tenantId: 't', traceparent: '00-a-b-01' });
  expect({ ...headers, ce_id: 'id', ce_time: 'time' }).toEqual({
    ...{ ce_specversion: '1.0', ce_id: 'id', ce_type: 'thing.counted', ce_source: 'test', ce_time: 'time' },
    ...{ ce_tenantid: 't', ce_traceparent: '00-a-b-01', 'content-type': 'application/json' },
  });
  expect([key, value]).toEqual(['k', '{"n":1}']);
});

const good = received(encodeMessage('topic', plain));
it.each<[string, Partial<ReceivedRecord>]>([
  ['ce_specversion is not 1.0', { headers: { ...good.headers, ce_specversion: Buffer.from('0.3') } }],
  ['the header ce_id is missing', { headers: { ...good.headers, ce_id: Buffer.from('') } }],
  ['the key is missing', { key: null }],
  ['the key is not UTF-8', { key: Buffer.from([0xff]) }],
  ['the value is missing', { value: null }],
  ['the value is not UTF-8', { value: Buffer.from([0xc3, 0x28]) }],
  ['the value is not JSON', { value: Buffer.from('{') }],
])('refuses a record of which %s', (detail, fault) => {
  expect(() => decodeMessage({ ...good, ...fault })).toThrow(`KLT_EVENT_INVALID: ${detail}`);
});

it('names what does not fit the contract', () => {
  const strict = event('a.b', topics.replyCore, Type.Object({ n: Type.Integer() }, { additionalProperties: false }));
  expect(() => validateData(strict, { m: 1 })).toThrow('a.b: /n is missing; /m is not a known field');
});
