import fc from 'fast-check';
import { rawRow } from '../../../src/platform/outbox/create-outbox';
import { toRecord } from '../../../src/platform/outbox/drain-outbox';

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const headers = fc.dictionary(
  fc
    .oneof(fc.constantFrom('key', 'h.key', 'source'), fc.string({ minLength: 1 }))
    .filter((name) => name !== '__proto__'),
  bytes,
);

it('passes any record through the outbox with the same bytes', () => {
  fc.assert(
    fc.property(bytes, bytes, headers, (key, value, drawn) => {
      const row = rawRow({ topic: 't', key, value, headers: drawn });
      // What PostgreSQL's jsonb can hold.
      expect(JSON.stringify(row.headers)).not.toContain('\\u0000');
      const record = toRecord({ ...row, seq: 1, created_at: new Date(0) });
      const same = (content: string | Buffer | null): Buffer => Buffer.from(content ?? '');
      expect(same(record.key)).toEqual(key);
      expect(same(record.value)).toEqual(value);
      expect(Object.entries(record.headers).map(([name, content]) => [name, same(content)])).toEqual(
        Object.entries(drawn).map(([name, content]) => [name, content]),
      );
    }),
  );
});
