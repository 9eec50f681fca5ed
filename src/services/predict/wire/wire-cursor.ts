/** Refuses the bytes: a field goes past the end, or protobuf does not have what is there. Throws. */
export type Refuse = (fault: 'truncated' | 'malformed', detail: string) => never;

/** A place in protobuf bytes. After `next`, `field` and `wire` name the field, and `value` or `start` and `stop` hold it. */
export type WireCursor = {
  readonly bytes: Buffer;
  readonly end: number;
  readonly refuse: Refuse;
  position: number;
  field: number;
  wire: number;
  /** Of a varint: as a signed 64-bit integer, exact up to 2^53; and exactly, as its two words. */
  value: number;
  low: number;
  high: number;
  /** Of a length-delimited field: its first byte, and the one after its last. */
  start: number;
  stop: number;
};

export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

export const cursorOver = (bytes: Buffer, start: number, end: number, refuse: Refuse): WireCursor => ({
  bytes,
  end,
  refuse,
  position: start,
  field: 0,
  wire: 0,
  value: 0,
  low: 0,
  high: 0,
  start: 0,
  stop: 0,
});

/** A cursor over the message that `cursor` stands at. */
export const enter = (cursor: WireCursor): WireCursor =>
  cursorOver(cursor.bytes, cursor.start, cursor.stop, cursor.refuse);

/** The text that `cursor` stands at. */
export const text = (cursor: WireCursor): string => cursor.bytes.toString('utf8', cursor.start, cursor.stop);

/**
 * Goes to the next field; false at the end. Each call consumes at least one byte and allocates nothing, so that a walk is
 * linear in the size of the file whatever it holds.
 * Refuses as truncated what goes past the end, and as malformed what protobuf does not have.
 */
export function next(cursor: WireCursor): boolean {
  if (cursor.position >= cursor.end) return false;
  const tag = readVarint(cursor);
  cursor.field = Math.floor(tag / 8);
  cursor.wire = tag % 8;
  if (tag < 8 || tag > 0xff_ff_ff_ff)
    cursor.refuse('malformed', `byte ${cursor.position} does not begin a protobuf field`);
  switch (cursor.wire) {
    case wireTypes.varint:
      cursor.value = readVarint(cursor);
      return true;
    case wireTypes.fixed64:
      return skip(cursor, 8);
    case wireTypes.fixed32:
      return skip(cursor, 4);
    case wireTypes.bytes:
      return skip(cursor, readVarint(cursor));
    default:
      // Groups (3, 4) have been deprecated for longer than any of our formats exist.
      return cursor.refuse(
        'malformed',
        `byte ${cursor.position} has the protobuf wire type ${cursor.wire}, which is not in use`,
      );
  }
}

function skip(cursor: WireCursor, length: number): true {
  cursor.start = cursor.position;
  cursor.stop = cursor.position + length;
  if (length < 0 || cursor.stop > cursor.end) {
    const there = cursor.end - cursor.position;
    cursor.refuse(
      'truncated',
      `field ${cursor.field} at byte ${cursor.position} needs ${length} bytes, and ${there} are there`,
    );
  }
  cursor.position = cursor.stop;
  return true;
}

/** The varint at the cursor's position, which moves past it; `low` and `high` are set to its words. */
export function readVarint(cursor: WireCursor): number {
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    if (cursor.position >= cursor.end)
      cursor.refuse('truncated', `the bytes end within a number at byte ${cursor.position}`);
    const byte = cursor.bytes[cursor.position++] ?? 0;
    const bits = byte & 0x7f;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high |= bits >>> 4;
    } else if (shift < 63) high |= bits << (shift - 32);
    else high |= (bits & 1) << 31;
    if (byte < 0x80) {
      cursor.low = low;
      cursor.high = high;
      return high * 0x1_0000_0000 + (low >>> 0);
    }
  }
  return cursor.refuse('malformed', `the number at byte ${cursor.position} is longer than ten bytes`);
}
