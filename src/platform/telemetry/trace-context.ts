import { randomBytes } from 'node:crypto';

/** W3C trace context: https://www.w3.org/TR/trace-context/ */
export type TraceContext = { readonly traceId: string; readonly traceparent: string };

const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const zeroTrace = '0'.repeat(32);
const zeroSpan = '0'.repeat(16);

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

/** The span of this process in the caller's trace, or the root of a new one when there is none or it is malformed. */
export function continueTrace(traceparent: string | undefined): TraceContext {
  const match = traceparent === undefined ? null : form.exec(traceparent);
  const known = match && match[1] !== zeroTrace && match[2] !== zeroSpan;
  const traceId = known ? (match[1] as string) : randomHex(16);
  const flags = known ? match[3] : '01';
  return { traceId, traceparent: `00-${traceId}-${randomHex(8)}-${flags}` };
}

const shape = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The caller's trace id, or a new one: for what starts no span of its own. */
export function traceIdOf(traceparent: string | undefined): string {
  if (traceparent !== undefined && shape.test(traceparent)) {
    const traceId = traceparent.slice(3, 35);
    if (traceId !== zeroTrace) return traceId;
  }
  return randomHex(16);
}
