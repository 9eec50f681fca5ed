import { connect, type Socket } from 'node:net';
import { quantile } from './harness';

// A program of its own (see program.ts): sends the same requests again and again over raw sockets, so that the load costs
// far less than what it loads. Answers each message { port, requests, … } with what it saw.

export type Load = {
  readonly port: number;
  /** Whole HTTP/1.1 requests, with Content-Length where they have a body; sent in turn. */
  readonly requests: readonly string[];
  readonly connections: number;
  /** Requests under way on one connection. Only for a closed loop. */
  readonly pipelining: number;
  readonly seconds: number;
  /** Requests a second at even distances, whatever the answers do; absent: as fast as the answers come (closed loop). */
  readonly ratePerSecond?: number;
};

export type LoadResult = {
  readonly answers: number;
  /** Answers other than 200. */
  readonly refused: number;
  /** Not sent, since the generator itself was late; what was under way then is not in the times either. */
  readonly missed: number;
  readonly seconds: number;
  /** From the time at which the request was due, so that a stall counts for all that had to wait behind it. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
};

type Line = {
  readonly socket: Socket;
  /** When each request under way was due, oldest first. */
  readonly due: number[];
  rest: Buffer;
};

/** What a pacing generator sleeps between its turns, and how late a turn may be, in milliseconds. */
const napMs = 0.2;
const lateMs = 1;
/** Nobody wakes it: waiting for it is a sleep of a fraction of a millisecond, which timers do not offer. */
const nap = new Int32Array(new SharedArrayBuffer(4));
const maxSamples = 2_000_000;
const headEnd = Buffer.from('\r\n\r\n');

async function run(load: Load): Promise<LoadResult> {
  const bytes = load.requests.map((request) => Buffer.from(request));
  let turn = 0;
  const nextBytes = (): Buffer => bytes[turn++ % bytes.length] as Buffer;
  const tally = {
    answers: 0,
    refused: 0,
    latencies: new Float64Array(maxSamples),
    samples: 0,
    over: false,
    lateAt: Number.NEGATIVE_INFINITY,
    missed: 0,
  };
  const waiting: number[] = [];
  const open = load.ratePerSecond !== undefined;
  const idle: Line[] = [];

  const send = (line: Line, dueAt: number): void => {
    line.due.push(dueAt);
    line.socket.write(nextBytes());
  };
  const onAnswers = (line: Line, count: number): void => {
    const now = performance.now();
    for (let index = 0; index < count; index += 1) {
      const dueAt = line.due.shift() as number;
      if (dueAt > tally.lateAt && tally.samples < maxSamples) tally.latencies[tally.samples++] = now - dueAt;
    }
    tally.answers += count;
    if (tally.over) return;
    if (!open) {
      for (let index = 0; index < count; index += 1) line.due.push(now);
      line.socket.write(count === 1 ? nextBytes() : Buffer.concat(Array.from({ length: count }, nextBytes)));
    } else if (waiting.length > 0) send(line, waiting.shift() as number);
    else idle.push(line);
  };

  const lines = await Promise.all(
    Array.from({ length: load.connections }, () => openLine(load.port, tally, onAnswers)),
  );
  const start = performance.now();
  if (load.ratePerSecond === undefined) {
    for (const line of lines) for (let index = 0; index < load.pipelining; index += 1) send(line, start);
    await new Promise((done) => setTimeout(done, load.seconds * 1_000));
  } else {
    idle.push(...lines);
    await pace(load.ratePerSecond, load.seconds, {
      send(dueAt) {
        const line = idle.pop();
        if (line) send(line, dueAt);
        else waiting.push(dueAt);
      },
      miss(requests) {
        tally.missed += requests;
        tally.lateAt = performance.now();
      },
    });
  }
  tally.over = true;
  const seconds = (performance.now() - start) / 1_000;
  for (const { socket } of lines) socket.destroy();
  const sorted = [...tally.latencies.subarray(0, tally.samples)];
  const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((q) => quantile(sorted, q)) as [number, number, number];
  return { answers: tally.answers, refused: tally.refused, missed: tally.missed, seconds, p50Ms, p95Ms, p99Ms };
}

/**
 * Calls `send` at `ratePerSecond` for `seconds`, in steps of a fraction of a millisecond. It sleeps between them: one that
 * spins takes the core that the server's neighbours need. Where it was not given the processor for a millisecond, what was
 * due is missed and not sent in one burst.
 */
function pace(
  ratePerSecond: number,
  seconds: number,
  { send, miss }: { send(dueAt: number): void; miss(requests: number): void },
): Promise<void> {
  const start = performance.now();
  const total = Math.floor(ratePerSecond * seconds);
  let sent = 0;
  let last = start;
  return new Promise((done) => {
    const turn = (): void => {
      const now = performance.now();
      const due = Math.min(total, Math.floor(((now - start) / 1_000) * ratePerSecond));
      if (now - last > lateMs) {
        miss(due - sent);
        sent = due;
      }
      last = now;
      for (; sent < due; sent += 1) send(start + (sent / ratePerSecond) * 1_000);
      if (sent >= total) {
        done();
        return;
      }
      Atomics.wait(nap, 0, 0, napMs);
      setImmediate(turn);
    };
    turn();
  });
}

function openLine(
  port: number,
  tally: { refused: number },
  onAnswers: (line: Line, count: number) => void,
): Promise<Line> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const line: Line = { socket, due: [], rest: Buffer.alloc(0) };
  socket.on('data', (chunk) => {
    const data = line.rest.length === 0 ? chunk : Buffer.concat([line.rest, chunk]);
    const { count, refused, used } = countAnswers(data);
    tally.refused += refused;
    line.rest = data.subarray(used);
    if (count > 0) onAnswers(line, count);
  });
  return new Promise((fulfil, reject) => {
    socket.once('connect', () => fulfil(line));
    socket.once('error', reject);
  });
}

/** Whole answers at the start of `data`. Knows answers with a Content-Length only; any other ends the program. */
export function countAnswers(data: Buffer): { count: number; refused: number; used: number } {
  let [count, refused, used] = [0, 0, 0];
  for (;;) {
    const end = data.indexOf(headEnd, used);
    if (end < 0) return { count, refused, used };
    const head = data.toString('latin1', used, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error(`an answer without a length: ${head}`);
    const next = end + headEnd.length + Number(length);
    if (next > data.length) return { count, refused, used };
    if (!head.startsWith('HTTP/1.1 200')) refused += 1;
    count += 1;
    used = next;
  }
}

if (process.send) {
  process.on('message', (load: Load) => {
    run(load).then(
      (result) => process.send?.(result),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  });
  process.on('SIGTERM', () => process.exit(0));
  process.send('ready');
}
