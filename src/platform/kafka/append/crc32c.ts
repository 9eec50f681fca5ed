const polynomial = 0x82f63b78;

/** Eight tables, so that eight bytes are taken at a time. */
const tables = makeTables();

function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    made[byte] = crc;
  }
  for (let at = 256; at < made.length; at++) {
    const before = made[at - 256] as number;
    made[at] = (before >>> 8) ^ (made[before & 255] as number);
  }
  return made;
}

/** CRC-32C (Castagnoli) of the bytes `from` to `to`, unsigned: what guards Kafka's record batches. Node has CRC-32 only. */
export function crc32c(bytes: Uint8Array, from: number, to: number): number {
  const b = bytes;
  const t = tables;
  const whole = from + ((to - from) & ~7);
  let crc = -1;
  let at = from;
  for (; at < whole; at += 8) {
    const low = crc ^ (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24));
    crc =
      t[1792 + (low & 255)]! ^
      t[1536 + ((low >>> 8) & 255)]! ^
      t[1280 + ((low >>> 16) & 255)]! ^
      t[1024 + (low >>> 24)]! ^
      t[768 + b[at + 4]!]! ^
      t[512 + b[at + 5]!]! ^
      t[256 + b[at + 6]!]! ^
      t[b[at + 7]!]!;
  }
  for (; at < to; at++) crc = (crc >>> 8) ^ t[(crc ^ b[at]!) & 255]!;
  return ~crc >>> 0;
}
