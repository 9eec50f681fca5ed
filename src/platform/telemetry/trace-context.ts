import { randomBytes } from 'node:crypto';

/** W3C trace context: https://www.w3.org/TR/trace-context/ */
export type TraceContext = { readonly traceId: string; readonly traceparent: string };

const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const zeroTrace = '0'.repeat(32);
const zeroSpan = '0'.repeat(16);
const [dash, zeroDigit, nineDigit, lowerA, lowerF] = [0x2d, 0x30, 0x39, 0x61, 0x66];

// Random bytes are drawn for many spans at a time: a system call each would show on the hot path.
const poolBytes = 4_096;
let pool = Buffer.alloc(0);
let used = 0;
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    pool = randomBytes(poolBytes);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

/**
 * The span of this process in the caller's trace, or the root of a new one when there is none or it is malformed.
 * @param rootFlags of a new one: `00` where it was decided that it is not recorded
 */
export function continueTrace(traceparent: string | undefined, rootFlags: '00' | '01' = '01'): TraceContext {
  const match = traceparent === undefined ? null : form.exec(traceparent);
  const known = match && match[1] !== zeroTrace && match[2] !== zeroSpan;
  const traceId = known ? (match[1] as string) : randomHex(16);
  const flags = known ? match[3] : rootFlags;
  return { traceId, traceparent: `00-${traceId}-${randomHex(8)}-${flags}` };
}

export type ParentSpan = { readonly traceId: string; readonly spanId: string };

/** The caller's span, when it is recorded; undefined when there is none, or none that can be read. */
export function sampledParent(traceparent: string | undefined): ParentSpan | 'not sampled' | undefined {
  if (traceparent?.length !== 55) return undefined;
  // The lowest bit of the last digit is looked at first: most are not recorded, and this is on the hot path.
  const last = traceparent.charCodeAt(54);
  if (last % 2 === (last < lowerA ? 0 : 1)) return 'not sampled';
  const match = form.exec(traceparent);
  if (!match || match[1] === zeroTrace || match[2] === zeroSpan) return undefined;
  return { traceId: match[1] as string, spanId: match[2] as string };
}

/** The caller's trace id, or a new one: for what starts no span of its own. A third of what a regular expression takes. */
export function traceIdOf(traceparent: string | undefined): string {
  if (traceparent?.length !== 55 || !traceparent.startsWith('00-') || traceparent.charCodeAt(35) !== dash) {
    return randomHex(16);
  }
  let zeros = 0;
  for (let at = 3; at < 35; at++) {
    const code = traceparent.charCodeAt(at);
    if (code === zeroDigit) zeros++;
    else if (!(code > zeroDigit && code <= nineDigit) && !(code >= lowerA && code <= lowerF)) return randomHex(16);
  }
  return zeros === 32 ? randomHex(16) : traceparent.slice(3, 35);
}
