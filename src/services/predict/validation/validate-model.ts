import type { Lane, ModelSignature, Rejection } from '../../../contracts/http/models';
import { modelProcessEnd, startModelProcess } from '../inference/model-process-host';
import type { RejectionCode } from './rejection';

export type Validation =
  | {
      readonly ok: true;
      readonly signature: ModelSignature;
      readonly lane: Lane;
      /** Why the model is contained. */
      readonly because?: string;
      readonly sizeBytes: number;
    }
  | { readonly ok: false; readonly reason: Rejection };

export type ValidateModelOptions = {
  /** The built `model-process`. */
  readonly programPath: string;
  readonly memoryLimitBytes?: number;
  readonly deadlineMs?: number;
};

const defaultMemoryBytes = 1024 * 1024 * 1024;
const defaultDeadlineMs = 30_000;

/**
 * Judges a model file: reads it, loads it and runs it in a child process with limits, so that whatever it does, it does there.
 * Rejects only when the process cannot be started at all.
 */
export function createModelValidator(options: ValidateModelOptions): (file: Uint8Array) => Promise<Validation> {
  const { programPath, memoryLimitBytes = defaultMemoryBytes, deadlineMs = defaultDeadlineMs } = options;
  return async (file) => {
    const process = startModelProcess(file, { programPath, memoryLimitBytes });
    try {
      const reply = await process.ask({ kind: 'trial' }, deadlineMs);
      if (reply.kind === 'tried') return { ok: true, ...reply.result, sizeBytes: file.byteLength };
      if (reply.kind === 'rejected') return { ok: false, reason: reply.rejection };
      if (reply.kind === 'failed') return refused('run_failed', reply.detail);
      throw new Error(`a model process answered ${reply.kind} to a trial`);
    } catch (error) {
      const end = modelProcessEnd(error);
      if (!end) throw error;
      if (end.late) return refused('out_of_time', `loading the model and running one row took over ${deadlineMs} ms`);
      return refused('process_died', `the model ended its process, as when it asks for too much memory: ${end.how}`);
    } finally {
      process.kill();
    }
  };
}

const refused = (code: RejectionCode, detail: string): Validation => ({ ok: false, reason: { code, detail } });
