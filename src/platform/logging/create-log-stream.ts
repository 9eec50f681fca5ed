import { write, writeSync } from 'node:fs';

export type LogStreamOptions = {
  readonly fd: number;
  /** Text is gathered to this much before it is written. */
  readonly gatherBytes?: number;
  /** Text waits no longer than this. */
  readonly flushMs?: number;
  /** What may wait for a reader that does not read; lines beyond are dropped and counted. */
  readonly maxWaitingBytes?: number;
};

/** What pino writes to. */
export type LogStream = {
  /** Whole lines. */
  write(text: string): void;
  /** `done` is called once what was written so far has left, or cannot. */
  flush(done?: () => void): void;
  /** For the end of the process: blocks until everything has left, or cannot. */
  flushSync(): void;
};

/** `bytes` belong to it alone until it has been written. */
type Chunk = { readonly bytes: Buffer; readonly from: number; readonly to: number };

const chunkBytes = 128 * 1024;
/** Memory that has been written is used again: what is new has to be cleared by the system, and counts for the next collection. */
const maxSpare = 2;
const retryMs = 10;
const maxSyncTries = 100;

/**
 * Writes lines to a file descriptor in large pieces, without holding anybody up. Text becomes bytes at once, in a buffer that is
 * written as it is: pino's own stream puts texts together and measures them, which costs a line of a small request as much as
 * the request.
 */
export function createLogStream(options: LogStreamOptions): LogStream {
  const { fd, gatherBytes = 65_536, flushMs = 1_000, maxWaitingBytes = 16 * 1024 * 1024 } = options;
  let buffer: Buffer = Buffer.allocUnsafeSlow(chunkBytes);
  const spare: Buffer[] = [];
  let at = 0;
  let waiting: Chunk[] = [];
  let waitingBytes = 0;
  let underWay: Chunk | undefined;
  /** To write, after what is under way, what has been gathered meanwhile. */
  let asked = false;
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  let onEmpty: (() => void)[] = [];

  function writeText(text: string): void {
    if (waitingBytes > maxWaitingBytes) {
      dropped++;
      return;
    }
    if (dropped > 0 && waitingBytes < maxWaitingBytes / 2) reportDropped();
    // A character takes three bytes at most.
    const most = text.length * 3;
    if (at + most > buffer.length) {
      seal();
      if (most > buffer.length) buffer = Buffer.allocUnsafeSlow(most);
    }
    at += buffer.write(text, at);
    if (at >= gatherBytes) send();
    else timer ??= setTimeout(send, flushMs).unref();
  }

  /** Puts what has been gathered behind what waits already. */
  function seal(): void {
    if (at === 0) return;
    waiting.push({ bytes: buffer, from: 0, to: at });
    waitingBytes += at;
    buffer = spare.pop() ?? Buffer.allocUnsafeSlow(chunkBytes);
    at = 0;
  }

  function reuse(bytes: Buffer): void {
    if (spare.length < maxSpare && bytes.length === chunkBytes) spare.push(bytes);
  }

  function send(): void {
    clearTimeout(timer);
    timer = undefined;
    // While a write is under way, lines go on filling the same buffer: a reader that stands still must not cost a buffer each time.
    if (underWay) asked = true;
    else {
      seal();
      sendNext();
    }
  }

  function sendNext(): void {
    if (asked && waiting.length === 0) {
      asked = false;
      seal();
    }
    underWay = waiting.shift();
    if (!underWay) {
      const done = onEmpty;
      onEmpty = [];
      for (const each of done) each();
      return;
    }
    const { bytes, from, to } = underWay;
    write(fd, bytes, from, to - from, null, (error, written) => {
      if (error?.code === 'EAGAIN' || error?.code === 'EBUSY') {
        setTimeout(() => retry(bytes, from, to), retryMs);
        return;
      }
      // Anything else will not get better: nobody reads any more, or the disk is full.
      waitingBytes -= error ? to - from : written;
      if (error || from + written === to) {
        reuse(bytes);
        sendNext();
      } else retry(bytes, from + written, to);
    });
  }

  function retry(bytes: Buffer, from: number, to: number): void {
    waiting.unshift({ bytes, from, to });
    sendNext();
  }

  function reportDropped(): void {
    const line = `{"level":"warn","time":"${new Date().toISOString()}","dropped":${dropped},"msg":"lines of the log were dropped: nobody read it"}\n`;
    dropped = 0;
    writeText(line);
  }

  return {
    write: writeText,
    flush(done) {
      send();
      if (!done) return;
      if (underWay) onEmpty.push(done);
      else done();
    },
    flushSync() {
      seal();
      // What is under way is written by a thread, which the end of the process waits for.
      for (const { bytes, from, to } of waiting) writeAllSync(fd, bytes, from, to);
      waiting = [];
      waitingBytes = 0;
    },
  };
}

function writeAllSync(fd: number, bytes: Buffer, from: number, to: number): void {
  for (let at = from, tries = 0; at < to && tries < maxSyncTries; tries++) {
    try {
      at += writeSync(fd, bytes, at, to - at);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
    }
  }
}
