import { Worker } from 'node:worker_threads';
import { cells, keyOffset, maxKeyBytes, sharedBytes, type WatchdogData } from './watchdog-cells';

export type Watchdog = {
  /** Says that the model of `key` (its UTF-8 bytes) begins to hold this thread; `leave` that it no longer does. */
  enter(key: Uint8Array): void;
  leave(): void;
  close(): Promise<void>;
};

export type WatchdogOptions = {
  /** The built `watchdog-thread`. */
  readonly threadPath: string;
  readonly quarantineFile: string;
  readonly standstillMs: number;
};

/** By default a thread reserves half a gigabyte of address space for code, which counts where memory is limited. */
const threadLimits = { codeRangeSizeMb: 16, maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 };

/** Starts the thread that ends this process when a model stands still in it. A process has one watchdog at most. */
export function createWatchdog({ threadPath, quarantineFile, standstillMs }: WatchdogOptions): Watchdog {
  const shared = new SharedArrayBuffer(sharedBytes);
  const numbers = new Int32Array(shared, 0, keyOffset / 4);
  const keyBytes = new Uint8Array(shared, keyOffset, maxKeyBytes);
  const workerData: WatchdogData = { shared, quarantineFile, standstillMs };
  const thread = new Worker(threadPath, { workerData, env: {}, resourceLimits: threadLimits });
  // The thread must not keep the process alive.
  thread.unref();
  const ended = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  return {
    enter(key) {
      const length = Math.min(key.length, maxKeyBytes);
      for (let i = 0; i < length; i++) keyBytes[i] = key[i] ?? 0;
      Atomics.store(numbers, cells.keyLength, length);
      Atomics.add(numbers, cells.sequence, 1);
    },
    leave() {
      Atomics.add(numbers, cells.sequence, 1);
    },
    async close() {
      Atomics.store(numbers, cells.stop, 1);
      Atomics.notify(numbers, cells.stop);
      await ended;
    },
  };
}
