import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { KolateError } from '../../../contracts/errors';
import type { ModelProcessReply, ModelProcessRequest } from './model-process-messages';

export type ModelProcessOptions = {
  /** The built `model-process`. */
  readonly programPath: string;
  /** What the model may take, above what the program itself needs. */
  readonly memoryLimitBytes: number;
};

/** How a model process ended. `late` when the host killed it at a deadline. */
export type ModelProcessEnd = { readonly late: boolean; readonly how: string };

export type ModelProcess = {
  /** When it can be asked. Rejects as `ask` does. */
  readonly ready: Promise<unknown>;
  /**
   * One request at a time. A process that is ready and does not answer within `deadlineMs` is killed.
   * @throws ModelProcessEnd as the cause of a KolateError KLT_INFERENCE_OUT_OF_BOUNDS when the process is gone
   */
  ask(request: ModelProcessRequest, deadlineMs: number): Promise<ModelProcessReply>;
  readonly alive: () => boolean;
  kill(): void;
};

/**
 * V8 reserves half a gigabyte of writable address space for code, which counts against the data limit though it is never used;
 * the rest is for the program, its threads' stacks and the runtime library.
 */
const programBytes = 800 * 1024 * 1024;
const maxHeapMegabytes = 512;
/** For starting alone, which says nothing about the model: on a busy machine it takes seconds instead of a tenth of one. */
const startLimitMs = 30_000;
const maxStderrBytes = 2_048;
/** Others go first when processors are scarce. */
const lowPriority = 10;

/**
 * Starts a process for `model`, with nothing of our environment in its own. The data limit (Linux) makes an allocation past it
 * fail at once, which the runtime reports as an error; elsewhere only the deadline guards.
 */
export function startModelProcess(
  model: Uint8Array,
  { programPath, memoryLimitBytes }: ModelProcessOptions,
): ModelProcess {
  const limitKilobytes = Math.ceil((programBytes + memoryLimitBytes) / 1_024);
  const script = 'ulimit -c 0; ulimit -d "$0"; exec "$@"';
  const node = [process.execPath, `--max-old-space-size=${maxHeapMegabytes}`, '--v8-pool-size=1', programPath];
  const child = spawn('/bin/sh', ['-c', script, String(limitKilobytes), ...node, String(model.byteLength)], {
    stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    cwd: '/',
    env: { UV_THREADPOOL_SIZE: '1' },
  });
  lowerPriority(child);
  const stderr = tailOf(child);
  let end: ModelProcessEnd | undefined;
  let settle: { resolve: (reply: ModelProcessReply) => void; reject: (error: KolateError) => void } | undefined;

  const finish = (ended: ModelProcessEnd): void => {
    end ??= ended;
    settle?.reject(gone(end));
    settle = undefined;
  };
  child.once('exit', (code, signal) => {
    finish({ late: false, how: `${signal ? `ended by ${signal}` : `exit code ${code}`}${stderr()}` });
  });
  child.once('error', (error) => finish({ late: false, how: error.message }));
  child.on('message', (reply: ModelProcessReply) => {
    settle?.resolve(reply);
    settle = undefined;
  });
  const kill = (ended: ModelProcessEnd): void => {
    finish(ended);
    child.kill('SIGKILL');
  };
  // The process may be gone before it has read its model; its exit is what is reported.
  child.stdin?.on('error', () => undefined);
  const ready = answerWithin(startLimitMs);
  ready.catch(() => undefined);
  child.stdin?.end(model);

  function answerWithin(deadlineMs: number): Promise<ModelProcessReply> {
    return new Promise((resolve, reject) => {
      if (end) {
        reject(gone(end));
        return;
      }
      const late = { late: true, how: `no answer within ${Math.round(deadlineMs)} ms` };
      const timer = setTimeout(() => kill(late), deadlineMs);
      settle = {
        resolve: (reply) => {
          clearTimeout(timer);
          resolve(reply);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
    });
  }

  return {
    ready,
    async ask(request, deadlineMs) {
      await ready;
      const reply = answerWithin(deadlineMs);
      // A channel that has just closed reports itself by the exit of the process.
      if (!end && child.connected) child.send(request, () => undefined);
      return await reply;
    },
    alive: () => end === undefined,
    kill: () => kill({ late: false, how: 'stopped' }),
  };
}

function lowerPriority(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) setPriority(child.pid, lowPriority);
  } catch {
    // It has ended already, which its exit event tells.
  }
}

/** The last of what the process wrote to standard error: V8 says there when it ran out of memory. */
function tailOf(child: ChildProcess): () => string {
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-maxStderrBytes);
  });
  return () => (tail.trim() === '' ? '' : `: ${tail.trim().split('\n', 1)[0]}`);
}

const gone = (end: ModelProcessEnd): KolateError =>
  new KolateError(
    'KLT_INFERENCE_OUT_OF_BOUNDS',
    end.late ? `the model gave ${end.how}` : `the model’s process died: ${end.how}`,
    { cause: end },
  );

/** How the process of a failed `ask` ended; undefined when the error is another. */
export function modelProcessEnd(error: unknown): ModelProcessEnd | undefined {
  if (!(error instanceof KolateError) || error.code !== 'KLT_INFERENCE_OUT_OF_BOUNDS') return undefined;
  const { cause } = error.options;
  return typeof cause === 'object' && cause !== null && 'late' in cause && 'how' in cause
    ? { late: cause.late === true, how: String(cause.how) }
    : undefined;
}
