import { crc32c } from '../../../src/platform/kafka/append/crc32c';

/** Bit by bit, as the polynomial says. */
function slowly(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe('CRC-32C', () => {
  it('is the one of RFC 3720', () => {
    expect(crc32c(Buffer.from('123456789'), 0, 9)).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32), 0, 32)).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff), 0, 32)).toBe(0x62a8ab43);
  });

  it('is the same wherever the bytes begin and end, and wherever their memory does', () => {
    const memory = Uint8Array.from({ length: 90 }, (_, at) => (at * 167 + 13) & 255).buffer;
    for (let offset = 0; offset < 5; offset++) {
      const view = new Uint8Array(memory, offset, 83);
      for (let from = 0; from < 20; from++) {
        for (const length of [0, 1, 2, 3, 7, 15, 16, 17, 31, 33, 60]) {
          expect(crc32c(view, from, from + length)).toBe(slowly(view.subarray(from, from + length)));
        }
      }
    }
  });
});
