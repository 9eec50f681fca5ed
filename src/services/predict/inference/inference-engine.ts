import type { BatchQueue } from './batch-calls';
import type { Settle } from './batch-job';
import { type ContainedLane, createContainedLane } from './contained-lane';
import { createMicroBatcher, estimateMs } from './micro-batcher';
import { loadSession, type Session, warmRuntime } from './ort-runtime';
import { createQuarantine } from './quarantine';
import { modelKey, type ResolvedModel } from './resolved-model';
import { servingPlan } from './serving-plan';
import { type CacheEntry, createSessionCache, type SessionCache } from './session-cache';
import type { Tensor } from './tensors';
import { createWatchdog, type Watchdog } from './watchdog';
import type { QuarantineLine } from './watchdog-cells';
import { within } from './within';

/** Tensors that fit the signature: names, datatypes, shapes and values have been checked. Inputs are in its order. */
export type InferRequest = {
  readonly inputs: readonly Tensor[];
  /** Names of tensor outputs; all of them when undefined. */
  readonly outputs?: readonly string[];
};
export type InferResponse = { readonly outputs: readonly Tensor[] };

export type InferenceEngine = {
  /**
   * @throws KolateError KLT_INFERENCE_FAILED, KLT_INFERENCE_OUT_OF_BOUNDS, KLT_MODEL_QUARANTINED, KLT_DEADLINE_EXCEEDED,
   * KLT_OVERLOADED
   */
  infer(model: ResolvedModel, request: InferRequest, deadlineMs: number): Promise<InferResponse>;
  /** `infer`, for a hot path. */
  start(model: ResolvedModel, request: InferRequest, deadlineMs: number, done: Settle<InferResponse>): void;
  /** Whether a request would be served. Models of the fast lane are loaded by this. */
  ready(model: ResolvedModel): Promise<boolean>;
  /** Frees a model that is no longer served. */
  drop(model: Pick<ResolvedModel, 'tenantId' | 'model' | 'version'>): void;
  /** Models that the watchdog of an earlier process took out of service. */
  readonly quarantined: readonly QuarantineLine[];
  readonly stats: () => EngineStats;
  close(): Promise<void>;
};

export type EngineStats = {
  readonly cache: {
    readonly models: number;
    readonly bytes: number;
    readonly loads: number;
    readonly evictions: number;
  };
  readonly batches: { readonly waiting: number; readonly calls: number; readonly rows: number };
  readonly contained: { readonly processes: number; readonly waiting: number; readonly deaths: number };
};

export type InferenceEngineOptions = {
  /** The built `model-process` and `watchdog-thread`. */
  readonly programs: { readonly modelProcess: string; readonly watchdogThread: string };
  readonly cacheBytes: number;
  /** Read at start; written by the watchdog. Must outlive the process. */
  readonly quarantineFile: string;
  /** How long a model may hold the serving process before the watchdog ends it. */
  readonly standstillMs?: number;
  readonly contained?: {
    readonly memoryLimitBytes?: number;
    readonly maxProcesses?: number;
    readonly maxProcessesPerTenant?: number;
    readonly restMs?: number;
  };
  readonly batch?: { readonly turnMs?: number; readonly maxRows?: number; readonly maxWaiting?: number };
};

/** `heldBy` is the pinned entry while requests wait, so that the model is not released under them. */
type Loaded = { readonly session: Session; readonly queue: BatchQueue; heldBy: CacheEntry<Loaded> | undefined };

const defaultStandstillMs = 10_000;
/** Requests that need a longer call, as very long sequences do, go to a contained process though their model is fast. */
const longestCallMs = 100;
const defaultContainedBytes = 1024 * 1024 * 1024;
/** What the runtime keeps for the smallest of models. */
const leastModelBytes = 128 * 1024;

/** Runs models: those of the fast lane in this process, in micro-batches; the others in processes of their own. */
export function createInferenceEngine(options: InferenceEngineOptions): InferenceEngine {
  const { programs, quarantineFile, standstillMs = defaultStandstillMs } = options;
  warmRuntime();
  const quarantine = createQuarantine(quarantineFile);
  const watchdog = createWatchdog({ threadPath: programs.watchdogThread, quarantineFile, standstillMs });
  const batcher = createMicroBatcher(options.batch);
  const contained = createContainedLane({
    programPath: programs.modelProcess,
    memoryLimitBytes: defaultContainedBytes,
    ...options.contained,
    quarantine,
  });
  const cache: SessionCache<Loaded> = createSessionCache<Loaded>({
    budgetBytes: options.cacheBytes,
    load: async (model) => {
      quarantine.check(modelKey(model));
      const bytes = await model.loadBytes();
      const before = process.memoryUsage.rss();
      const { session, run } = loadWatched(model, bytes, watchdog);
      const free = () => letGo(loaded);
      const queue = batcher.open({ plan: servingPlan(model.signature), run, free });
      const loaded: Loaded = { session, queue, heldBy: undefined };
      // Forests take eight times their file, dense nets once; memory that was free before does not show.
      const grown = process.memoryUsage.rss() - before;
      return { value: loaded, costBytes: Math.max(grown, model.sizeBytes + leastModelBytes) };
    },
    release: ({ session }) => session.release(),
  });

  function letGo(loaded: Loaded): void {
    if (loaded.heldBy) cache.unpin(loaded.heldBy);
    loaded.heldBy = undefined;
  }

  function run(
    model: ResolvedModel,
    entry: CacheEntry<Loaded>,
    inputs: readonly Tensor[],
    outputs: readonly string[],
    deadlineMs: number,
    done: Settle<InferResponse>,
  ): void {
    const { queue } = entry.value;
    if (estimateMs(queue, inputs) > longestCallMs) {
      inferContained(contained, model, inputs, outputs, deadlineMs).then(done.resolve, done.reject);
      return;
    }
    batcher.submit(queue, inputs, outputs, deadlineMs, done);
    if (!entry.value.heldBy && queue.jobs.length > 0) {
      cache.pin(entry);
      entry.value.heldBy = entry;
    }
  }

  async function runLoading(
    model: ResolvedModel,
    inputs: readonly Tensor[],
    outputs: readonly string[],
    deadlineMs: number,
  ): Promise<InferResponse> {
    const started = performance.now();
    const acquiring = cache.acquire(model);
    try {
      const entry = await within(acquiring, deadlineMs, 'the deadline passed before the model was loaded');
      const left = deadlineMs - (performance.now() - started);
      return await new Promise((resolve, reject) => run(model, entry, inputs, outputs, left, { resolve, reject }));
    } finally {
      // It comes pinned, even when it comes too late.
      acquiring.then(cache.unpin, () => undefined);
    }
  }

  const start: InferenceEngine['start'] = (model, request, deadlineMs, done) => {
    const { inputs, outputs = servingPlan(model.signature).outputs } = request;
    if (model.lane === 'contained') {
      inferContained(contained, model, inputs, outputs, deadlineMs).then(done.resolve, done.reject);
      return;
    }
    const entry = cache.peek(model);
    if (entry) run(model, entry, inputs, outputs, deadlineMs, done);
    else runLoading(model, inputs, outputs, deadlineMs).then(done.resolve, done.reject);
  };

  return {
    start,
    infer: (model, request, deadlineMs) =>
      new Promise((resolve, reject) => start(model, request, deadlineMs, { resolve, reject })),
    async ready(model) {
      try {
        quarantine.check(modelKey(model));
        if (model.lane === 'fast') cache.unpin(await cache.acquire(model));
        return true;
      } catch {
        // Whatever the reason is, a request would be told it.
        return false;
      }
    },
    drop(model) {
      cache.drop(modelKey(model));
      contained.drop(modelKey(model));
    },
    quarantined: quarantine.fromFile,
    stats: () => ({ cache: cache.stats(), batches: batcher.stats(), contained: contained.stats() }),
    async close() {
      contained.close();
      cache.close();
      await watchdog.close();
    },
  };
}

/** Loads a model into this process. Loading and running are what the watchdog watches. */
function loadWatched(
  model: ResolvedModel,
  bytes: Uint8Array,
  watchdog: Watchdog,
): { readonly session: Session; readonly run: Session['run'] } {
  const key = new TextEncoder().encode(modelKey(model));
  const watched = <T>(work: () => T): T => {
    watchdog.enter(key);
    try {
      return work();
    } finally {
      watchdog.leave();
    }
  };
  const session = watched(() => loadSession(bytes));
  return { session, run: (inputs, outputs) => watched(() => session.run(inputs, outputs)) };
}

async function inferContained(
  lane: ContainedLane,
  model: ResolvedModel,
  inputs: readonly Tensor[],
  outputs: readonly string[],
  deadlineMs: number,
): Promise<InferResponse> {
  return { outputs: await lane.run(model, inputs, outputs, deadlineMs) };
}
