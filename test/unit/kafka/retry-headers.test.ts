import { KolateError } from '../../../src/contracts/errors';
import type { ReceivedRecord } from '../../../src/platform/kafka/record';
import { asDead, asRetry, readRetryState } from '../../../src/platform/kafka/retry-headers';

const first: ReceivedRecord = {
  ...{ topic: 'thing.v1', partition: 2, offset: 7, key: Buffer.from('k'), value: Buffer.from([0, 0xff]) },
  headers: { ce_id: Buffer.from('id'), own: Buffer.from([0xc3, 0x28]) },
};
const taken = (record: ReturnType<typeof asRetry>, offset: number): ReceivedRecord => ({
  ...{ topic: record.topic, partition: 2, offset, key: first.key, value: first.value },
  headers: Object.fromEntries(Object.entries(record.headers).map(([name, value]) => [name, Buffer.from(value)])),
});

it('takes a record without our headers for one at its first try', () => {
  expect(readRetryState(first)).toEqual({
    ...{ group: undefined, attempt: 0, notBefore: 0 },
    origin: { topic: 'thing.v1', partition: 2, offset: 7 },
  });
});

it('keeps bytes, key and foreign headers, and where it was first, over several retries', () => {
  const second = taken(asRetry(first, { group: 'g', attempt: 1, notBefore: 1_000 }), 40);
  const third = asRetry(second, { group: 'g', attempt: 2, notBefore: 2_000 });
  expect(third).toMatchObject({ topic: 'thing.v1.retry', key: first.key, value: first.value });
  expect(third.headers.own).toEqual(first.headers.own);
  expect(readRetryState(taken(third, 41))).toEqual({
    ...{ group: 'g', attempt: 2, notBefore: 2_000 },
    origin: { topic: 'thing.v1', partition: 2, offset: 7 },
  });
});

it('says of a dead letter why, when, and where it was first', () => {
  const again = taken(asRetry(first, { group: 'g', attempt: 4, notBefore: 0 }), 40);
  const error = new KolateError('KLT_PROVISION_FAILED', 'x'.repeat(5_000));
  const letter = asDead(again, { group: 'g', attempt: 5, error, at: new Date(0) });
  expect(letter).toMatchObject({ topic: 'thing.v1.dlq', key: first.key, value: first.value });
  expect(letter.headers).toMatchObject({
    ...{ klt_group: 'g', klt_attempt: '5', klt_error_code: 'KLT_PROVISION_FAILED' },
    ...{ klt_origin_topic: 'thing.v1', klt_origin_partition: '2', klt_origin_offset: '7' },
    ...{ klt_failed_at: '1970-01-01T00:00:00.000Z', klt_error_reason: 'x'.repeat(2_000) },
  });
  expect(letter.headers).not.toHaveProperty('klt_not_before');
});
