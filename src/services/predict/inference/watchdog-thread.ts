import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { cells, keyOffset, type QuarantineLine, type WatchdogData } from './watchdog-cells';

/**
 * A thread of the serving process: when one run of a model has stood still past its limit, writes the model down and kills the
 * process. Nothing less ends a native call. The process that is started next reads the file and serves all the other models.
 */
const { shared, quarantineFile, standstillMs } = workerData as WatchdogData;
const numbers = new Int32Array(shared, 0, keyOffset / 4);
const checks = 20;
const intervalMs = Math.max(5, Math.floor(standstillMs / checks));

let seen = 0;
/** Checks in a row that saw the same run. Counted, not timed: while the machine itself is stopped, nothing is held against a model. */
let standing = 0;

while (Atomics.load(numbers, cells.stop) === 0) {
  Atomics.wait(numbers, cells.stop, 0, intervalMs);
  const sequence = Atomics.load(numbers, cells.sequence);
  standing = sequence === seen && sequence % 2 !== 0 ? standing + 1 : 0;
  seen = sequence;
  if (standing > checks) endProcess();
}

function endProcess(): void {
  const length = Atomics.load(numbers, cells.keyLength);
  // A copy: text decoders refuse shared memory.
  const key = Buffer.from(new Uint8Array(shared, keyOffset, length)).toString('utf8');
  const reason = `one run did not end within ${standstillMs} ms`;
  const line: QuarantineLine = { key, reason, at: new Date().toISOString() };
  try {
    const file = openSync(quarantineFile, 'a', 0o600);
    writeSync(file, `${JSON.stringify(line)}\n`);
    fsyncSync(file);
    closeSync(file);
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}
