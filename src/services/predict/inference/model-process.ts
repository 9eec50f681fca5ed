import { Worker } from 'node:worker_threads';
import { toKolateError } from '../../../contracts/errors';
import { rejectionOf } from '../validation/rejection';
import { tryModel } from '../validation/trial';
import type { ModelProcessReply, ModelProcessRequest } from './model-process-messages';
import { loadSession, type Session } from './ort-runtime';
import type { Tensor } from './tensors';

/**
 * The program of a child process that holds one model: the trial of an upload, or the contained lane. It reads the model from
 * standard input (its size is the first argument), then answers one request at a time over the channel to its parent. Memory is
 * limited from outside; a run that does not end is ended by the parent, by killing this process.
 */

/** Answers above this would be copied into the parent's memory, where no limit guards the other models. */
const maxAnswerBytes = 64 * 1024 * 1024;

/** Ends this process when its parent is gone, though a model may hold the main thread for ever. */
const orphanWatch = `
  const parent = process.ppid;
  setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 500);
`;

/** By default a thread reserves as much address space for code as the program itself, against the same data limit. */
const watchLimits = { codeRangeSizeMb: 16, maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 };

let session: Session | undefined;

function answer(request: ModelProcessRequest, model: Buffer): ModelProcessReply {
  try {
    if (request.kind === 'trial') return { kind: 'tried', result: tryModel(model) };
    session ??= loadSession(model);
    if (request.kind === 'load') return { kind: 'loaded' };
    const outputs = session.run(request.inputs, request.outputs);
    const bytes = sizeOf(outputs);
    if (bytes <= maxAnswerBytes) return { kind: 'outputs', outputs };
    const detail = `the outputs have ${bytes} bytes; ${maxAnswerBytes} are the most`;
    return { kind: 'failed', code: 'KLT_INFERENCE_OUT_OF_BOUNDS', detail };
  } catch (error) {
    const rejection = rejectionOf(error);
    if (rejection) return { kind: 'rejected', rejection };
    const { code, detail } = toKolateError(error);
    return { kind: 'failed', code, detail: code === 'KLT_INTERNAL' ? String(error) : detail };
  }
}

const sizeOf = (tensors: readonly Tensor[]): number =>
  tensors.reduce((sum, { data }) => {
    if (!Array.isArray(data)) return sum + data.byteLength;
    return data.reduce((bytes, text) => bytes + text.length * 2, sum);
  }, 0);

async function readModel(sizeBytes: number): Promise<Buffer> {
  const model = Buffer.allocUnsafeSlow(sizeBytes);
  let at = 0;
  for await (const chunk of process.stdin) at += (chunk as Buffer).copy(model, at);
  if (at !== sizeBytes) throw new Error(`the model has ${at} bytes instead of ${sizeBytes}`);
  return model;
}

async function main(): Promise<void> {
  new Worker(orphanWatch, { eval: true, env: {}, resourceLimits: watchLimits }).unref();
  process.once('disconnect', () => process.exit(0));
  const model = await readModel(Number(process.argv[2]));
  process.on('message', (request: ModelProcessRequest) => process.send?.(answer(request, model)));
  // Says that requests may come: until now the parent waits.
  process.send?.({ kind: 'loaded' } satisfies ModelProcessReply);
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
