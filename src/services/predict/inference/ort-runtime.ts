import { isMainThread } from 'node:worker_threads';
import { KolateError } from '../../../contracts/errors';
import { datatypeInfo, datatypeOfRuntimeType, type TensorData } from './datatypes';
import type { Tensor } from './tensors';

/**
 * ONNX Runtime through its synchronous binding, not through the package's own promises: a call to `run` is then exactly the
 * time in which the process stands still, which is what the watchdog has to see, and it costs half as much.
 * The tensors are plain records, so that FP16 stays a Uint16Array; the package's Tensor class would want a Float16Array, which
 * the binding does not know ("not enough space: expected 4096, got 0").
 */
type NativeTensor = { readonly type: string; readonly data: TensorData; readonly dims: readonly number[] };
type NativeFeed = NativeTensor & { readonly location: 'cpu' };
type NativeMetadata = {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type: number;
  /** -1 where the size is open. */
  readonly shape: readonly number[];
};
type NativeSession = {
  loadModel(buffer: ArrayBufferLike, byteOffset: number, byteLength: number, options: object): void;
  readonly inputMetadata: readonly NativeMetadata[];
  readonly outputMetadata: readonly NativeMetadata[];
  run(feeds: object, fetches: object, options: object): Record<string, NativeTensor>;
  dispose(): void;
};
type NativeBinding = {
  InferenceSession: new () => NativeSession;
  initOrtOnce(logLevel: number, tensor: typeof createNativeTensor, isMainThread: boolean): void;
};

export type Session = {
  readonly inputs: readonly NativeMetadata[];
  readonly outputs: readonly NativeMetadata[];
  /**
   * Runs the model, blocking. `inputs` must fit the signature: the runtime itself takes inputs that the model does not have.
   * @throws KolateError KLT_INFERENCE_FAILED in the words of the runtime, KLT_INFERENCE_OUT_OF_BOUNDS without memory for it
   */
  run(inputs: readonly Tensor[], outputs: readonly string[]): Tensor[];
  release(): void;
};

/** Fatal: what goes wrong in a model is told to its caller, not to our log. */
const logLevel = 4;
const sessionOptions = {
  // One thread: the process has many models to serve, and idle threads of a session spin.
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  // An arena keeps the most that any call ever needed; without one a session holds its weights only, at the same speed.
  enableCpuMemArena: false,
  logSeverityLevel: logLevel,
} as const;

let binding: NativeBinding | undefined;

/** The native library takes 25 MB, so it is loaded where a model is, not where this file is imported. */
function loadBinding(): NativeBinding {
  if (binding) return binding;
  const loaded = require('onnxruntime-node/dist/binding') as { binding: NativeBinding };
  loaded.binding.initOrtOnce(logLevel, createNativeTensor, isMainThread);
  binding = loaded.binding;
  return binding;
}

/** Loads the native library now, so that the first model is not charged with its memory and time. */
export function warmRuntime(): void {
  loadBinding();
}

/** Called with `new` by the binding for each output, which takes the returned record instead of `this`. */
function createNativeTensor(type: string, data: TensorData, dims: readonly number[]): NativeTensor {
  return { type, data, dims };
}

/**
 * Loads a model, blocking. Only files that `readOnnxModel` has accepted may come here: external data would be read from disk.
 * @throws KolateError KLT_INFERENCE_FAILED with what the runtime says, KLT_INFERENCE_OUT_OF_BOUNDS without memory for it
 */
export function loadSession(file: Uint8Array): Session {
  const { InferenceSession } = loadBinding();
  const native = new InferenceSession();
  try {
    native.loadModel(file.buffer, file.byteOffset, file.byteLength, sessionOptions);
  } catch (error) {
    throw toKolate(error);
  }
  const fetches = createFetches();
  return {
    inputs: native.inputMetadata,
    outputs: native.outputMetadata,
    run(inputs, outputs) {
      const feeds = Object.create(null) as Record<string, NativeFeed>;
      for (const { name, datatype, shape, data } of inputs) {
        feeds[name] = { type: datatypeInfo[datatype].runtimeType, data, dims: shape, location: 'cpu' };
      }
      try {
        const results = native.run(feeds, fetches(outputs), {});
        return outputs.map((name) => toTensor(name, results[name]));
      } catch (error) {
        throw toKolate(error);
      }
    },
    release: () => native.dispose(),
  };
}

/** The runtime computes the outputs that are keys of this record. Requests mostly pass the same list again. */
function createFetches(): (outputs: readonly string[]) => object {
  let last: readonly string[] = [];
  let fetches = {};
  return (outputs) => {
    if (outputs !== last) {
      last = outputs;
      fetches = Object.fromEntries(outputs.map((name) => [name, null]));
    }
    return fetches;
  };
}

function toTensor(name: string, native: NativeTensor | undefined): Tensor {
  const datatype = native && datatypeOfRuntimeType(native.type);
  if (!native || !datatype) throw new Error(`output ${JSON.stringify(name)} is not a tensor that can be served`);
  return { name, datatype, shape: native.dims, data: native.data };
}

const outOfMemory = /bad_alloc|failed to allocate|allocate memory|out of memory|length_error|array_new_length/i;

/** The runtime throws plain errors that begin with a place in its own source and end in line breaks. */
function toKolate(error: unknown): KolateError {
  const text = error instanceof Error ? error.message : String(error);
  const detail = text
    .replace(/^\S*onnxruntime_src\S*:\d+ .*?\) (?=[A-Z[])/s, '')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 500);
  const code = outOfMemory.test(text) ? 'KLT_INFERENCE_OUT_OF_BOUNDS' : 'KLT_INFERENCE_FAILED';
  return new KolateError(code, detail, { cause: error });
}
