import { isAscii } from '../../text/is-ascii';
import { crc32c } from './crc32c';

/** Bytes before the first record of a batch of format 2. */
const headBytes = 61;
const crcStart = 21;
const startBytes = 64 * 1024;
const maxSpare = 4;
const maxSpareBytes = 1024 * 1024;

/** A whole record batch of Kafka's format 2, uncompressed, without a producer id. */
export type RecordBatch = {
  readonly bytes: Buffer;
  readonly records: number;
  /** To be called when `bytes` are no longer needed: their memory is then written again. */
  readonly release: () => void;
};

export type BatchWriter = {
  /**
   * Adds a record. `key` is ASCII, `headers` are what `encodeHeader` made, one after the other, `value` is any text; `ascii` says
   * that it is known to be ASCII, which saves looking. All records of a batch have the time at which it was begun.
   */
  add(key: string, value: string, headers: string, headerCount: number, ascii?: boolean): void;
  /** Bytes so far. */
  bytes(): number;
  records(): number;
  /** The batch, and the writer is empty again. */
  take(): RecordBatch;
};

/** A signed number in zigzag and base-128 groups, as characters whose codes are the bytes. */
const varintText = (value: number): string => varints[value] ?? makeVarint(value);

function makeVarint(value: number): string {
  let rest = value * 2;
  let text = '';
  for (; rest > 127; rest = Math.floor(rest / 128)) text += String.fromCharCode((rest % 128) | 128);
  return text + String.fromCharCode(rest);
}

const varints = Array.from({ length: 2_048 }, (_, value) => makeVarint(value));

/** One header, encoded; name and value are ASCII. */
export const encodeHeader = (name: string, value: string): string =>
  varintText(name.length) + name + varintText(value.length) + value;

/** What stands before the value of a header whose value is always `length` ASCII characters long. */
export const encodeHeaderName = (name: string, length: number): string =>
  varintText(name.length) + name + varintText(length);

/**
 * Writes records into one growing buffer. kafkajs makes a buffer of each part of each record, at 24 µs a record with eight
 * headers; this takes 1 µs.
 */
export function createBatchWriter(now: () => number = Date.now): BatchWriter {
  let buffer: Buffer = Buffer.allocUnsafeSlow(startBytes);
  let at = headBytes;
  let records = 0;
  let time = 0;

  // Memory outside of the heap is cheap to keep and dear to get anew: each buffer would count towards the next collection.
  const spare: Buffer[] = [];
  const keep = (released: Buffer): void => {
    if (spare.length < maxSpare && released.length <= maxSpareBytes && !spare.includes(released)) spare.push(released);
  };
  const makeRoom = (length: number): void => {
    if (at + length <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, at + length));
    buffer.copy(larger, 0, 0, at);
    buffer = larger;
  };

  return {
    add(key, value, headers, headerCount, ascii = isAscii(value)) {
      if (records === 0) time = now();
      const valueBytes = ascii ? value.length : Buffer.byteLength(value);
      // Attributes, and the time's distance from the batch's: none.
      const before = `\0\0${varintText(records)}${varintText(key.length)}${key}${varintText(valueBytes)}`;
      const after = varintText(headerCount) + headers;
      const length = before.length + valueBytes + after.length;
      makeRoom(length + 5);
      if (ascii) {
        at += buffer.write(varintText(length) + before + value + after, at, 'latin1');
      } else {
        at += buffer.write(varintText(length) + before, at, 'latin1');
        at += buffer.write(value, at);
        at += buffer.write(after, at, 'latin1');
      }
      records++;
    },
    bytes: () => (records === 0 ? 0 : at),
    records: () => records,
    take() {
      const taken = buffer;
      const batch = { bytes: writeHead(taken, at, records, time), records, release: () => keep(taken) };
      buffer = spare.pop() ?? Buffer.allocUnsafeSlow(startBytes);
      at = headBytes;
      records = 0;
      return batch;
    },
  };
}

function writeHead(buffer: Buffer, end: number, records: number, time: number): Buffer {
  buffer.writeBigInt64BE(0n, 0); // first offset: the broker's to say
  buffer.writeInt32BE(end - 12, 8);
  buffer.writeInt32BE(-1, 12); // leader epoch
  buffer[16] = 2; // format
  buffer.writeInt16BE(0, crcStart); // not compressed, time of creation
  buffer.writeInt32BE(records - 1, 23);
  buffer.writeBigInt64BE(BigInt(time), 27);
  buffer.writeBigInt64BE(BigInt(time), 35);
  buffer.writeBigInt64BE(-1n, 43); // no producer id,
  buffer.writeInt16BE(-1, 51); // epoch
  buffer.writeInt32BE(-1, 53); // and sequence
  buffer.writeInt32BE(records, 57);
  buffer.writeUInt32BE(crc32c(buffer, crcStart, end), 17);
  return buffer.subarray(0, end);
}
