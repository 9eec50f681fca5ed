import { type FastHead, newHead, type Spots } from './parse-head';

export type HeadMemo = {
  /** The head at `at`, when it differs from the remembered one in the values of a request alone. */
  match(data: Buffer, at: number): FastHead | undefined;
  /** Remembers the head from `at` to `to`, its empty line included; `spots` are where its values were found. */
  learn(data: Buffer, at: number, to: number, head: FastHead, spots: Spots): void;
  /** Bytes of the remembered head, which are those of any that matches. */
  length(): number;
};

const maxBytes = 4_096;
/** A client whose heads differ time and again is not worth being remembered. */
const maxMisses = 64;
/** Up to here a loop over bytes is quicker than a call out of JavaScript. */
const shortBytes = 48;

/**
 * The last head of a connection: clients mostly send the same bytes again, with other ids and another length of as many digits.
 * Comparing bytes takes a third of the time of reading them; what is not the same to the byte is read as any head.
 */
export function createHeadMemo(): HeadMemo {
  let bytes: Buffer | undefined;
  let head: FastHead | undefined;
  const spots: Spots = { length: [0, 0], trace: [0, 0], requestId: [0, 0] };
  /** The three spots in the order in which they come. */
  let order: readonly (readonly [number, number])[] = [];
  let misses = 0;

  function same(data: Buffer, at: number, from: number, to: number): boolean {
    const mine = bytes as Buffer;
    if (to - from > shortBytes) return mine.compare(data, at + from, at + to, from, to) === 0;
    for (let i = from; i < to; i++) if (mine[i] !== data[at + i]) return false;
    return true;
  }

  const text = (data: Buffer, at: number, [from, to]: readonly [number, number]): string | undefined =>
    from === to || !isVisible(data, at + from, at + to) ? undefined : data.toString('latin1', at + from, at + to);

  return {
    match(data, at) {
      if (!bytes || !head || data.length - at < bytes.length) return undefined;
      let from = 0;
      for (let i = 0; i < order.length; i++) {
        const spot = order[i] as readonly [number, number];
        if (!same(data, at, from, spot[0])) return undefined;
        from = spot[1];
      }
      if (!same(data, at, from, bytes.length)) return undefined;
      const contentLength = numberAt(data, at + spots.length[0], at + spots.length[1]);
      const traceparent = text(data, at, spots.trace);
      const requestId = text(data, at, spots.requestId);
      if (contentLength < 0) return undefined;
      if ((traceparent === undefined) !== (head.traceparent === undefined)) return undefined;
      if ((requestId === undefined) !== (head.requestId === undefined)) return undefined;
      misses = 0;
      return newHead(head.target, contentLength, head.authorization, traceparent, requestId, head.extra);
    },
    learn(data, at, to, read, found) {
      if (++misses > maxMisses || to - at > maxBytes) return;
      bytes = Buffer.from(data.subarray(at, to));
      head = read;
      spots.length = found.length;
      spots.trace = found.trace;
      spots.requestId = found.requestId;
      order = [spots.length, spots.trace, spots.requestId]
        .filter(([from, end]) => from < end)
        .sort((a, b) => a[0] - b[0]);
    },
    length: () => bytes?.length ?? 0,
  };
}

/** Whether all bytes are printable ASCII without blanks. */
function isVisible(data: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = data[i] as number;
    if (byte < 0x21 || byte > 0x7e) return false;
  }
  return true;
}

/** The number whose digits stand there; -1 when anything else does. */
function numberAt(data: Buffer, from: number, to: number): number {
  let number = 0;
  for (let i = from; i < to; i++) {
    const digit = (data[i] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}
