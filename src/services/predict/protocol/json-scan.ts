/** A place in the bytes of a JSON text, and the steps that a scanner of known texts is made of. None allocates, but for texts. */
export type JsonScan = { readonly bytes: Buffer; at: number };

export const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');
export const byteOf = {
  '{': 0x7b,
  '}': 0x7d,
  '[': 0x5b,
  ']': 0x5d,
  ':': 0x3a,
  ',': 0x2c,
  '"': 0x22,
  '\\': 0x5c,
} as const;
const [minus, point, zero, nine, lowerE, upperE] = [0x2d, 0x2e, 0x30, 0x39, 0x65, 0x45];

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

export const latin1 = (bytes: Buffer, from: number, to: number): string => bytes.toString('latin1', from, to);

export function skipSpace(scan: JsonScan): void {
  while (isSpace(scan.bytes[scan.at])) scan.at++;
}

/** Whether `byte` comes next, white space aside; if so it is passed. */
export function take(scan: JsonScan, byte: number): boolean {
  if (scan.bytes[scan.at] !== byte) {
    skipSpace(scan);
    if (scan.bytes[scan.at] !== byte) return false;
  }
  scan.at++;
  return true;
}

/** Whether `word` comes next; if so it is passed. */
export function takeWord(scan: JsonScan, word: Uint8Array): boolean {
  const { bytes, at } = scan;
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false;
  scan.at += word.length;
  return true;
}

/** A string of printable ASCII without escapes; undefined for any other. */
export function takeText(scan: JsonScan): string | undefined {
  if (!take(scan, byteOf['"'])) return undefined;
  const { bytes, at } = scan;
  let end = at;
  for (let byte = bytes[end] ?? 0; byte !== byteOf['"']; byte = bytes[++end] ?? 0) {
    if (byte < 0x20 || byte > 0x7e || byte === byteOf['\\']) return undefined;
  }
  scan.at = end + 1;
  return latin1(bytes, at, end);
}

/** Digits that a double holds exactly, and the powers of ten that it does: their quotient is then rounded once, as it must be. */
const exactDigits = 15;
const powersOfTen = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/**
 * Puts `count` numbers into `numbers`, exactly as JSON.parse reads them, with commas between. False when there are fewer, or one in
 * another than the plain notation. Written in one piece: it takes most of the time of a small request.
 */
export function takeNumbers(scan: JsonScan, numbers: Float64Array, count: number): boolean {
  const { bytes } = scan;
  let at = scan.at;
  for (let i = 0; i < count; i++) {
    if (i > 0) {
      while (isSpace(bytes[at])) at++;
      if (bytes[at++] !== byteOf[',']) return false;
    }
    while (isSpace(bytes[at])) at++;
    const start = at;
    if (bytes[at] === minus) at++;
    const first = at;
    let mantissa = 0;
    let byte = bytes[at] as number;
    for (; byte >= zero && byte <= nine; byte = bytes[++at] as number) mantissa = mantissa * 10 + (byte - zero);
    const whole = at - first;
    // JSON has no numbers without digits, nor with a zero in front.
    if (whole === 0 || (whole > 1 && bytes[first] === zero)) return false;
    let fraction = 0;
    if (byte === point) {
      const from = ++at;
      byte = bytes[at] as number;
      for (; byte >= zero && byte <= nine; byte = bytes[++at] as number) mantissa = mantissa * 10 + (byte - zero);
      fraction = at - from;
      if (fraction === 0) return false;
    }
    if (byte === lowerE || byte === upperE) return false;
    if (whole + fraction > exactDigits) numbers[i] = Number(latin1(bytes, start, at));
    else {
      const value = fraction === 0 ? mantissa : mantissa / (powersOfTen[fraction] as number);
      numbers[i] = first === start ? value : -value;
    }
  }
  scan.at = at;
  return true;
}
