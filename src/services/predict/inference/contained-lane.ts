import { KolateError } from '../../../contracts/errors';
import { type ModelProcess, type ModelProcessOptions, modelProcessEnd, startModelProcess } from './model-process-host';
import type { Quarantine } from './quarantine';
import { modelKey, type ResolvedModel } from './resolved-model';
import type { Tensor } from './tensors';
import { within } from './within';

export type ContainedLaneOptions = ModelProcessOptions & {
  readonly quarantine: Quarantine;
  readonly maxProcesses?: number;
  /** Of one tenant, so that its endless loops leave room for the others. */
  readonly maxProcessesPerTenant?: number;
  readonly maxWaiting?: number;
  /** Deaths in a row after which a model rests, and for how long. */
  readonly strikes?: number;
  readonly restMs?: number;
};

export type ContainedLane = {
  /**
   * Outputs in the order of `outputs`.
   * @throws KolateError KLT_INFERENCE_OUT_OF_BOUNDS when the model went past its memory or its deadline, KLT_MODEL_QUARANTINED
   * after that happened again and again, KLT_OVERLOADED, KLT_DEADLINE_EXCEEDED, and what the run of the model throws
   */
  run(
    model: ResolvedModel,
    inputs: readonly Tensor[],
    outputs: readonly string[],
    deadlineMs: number,
  ): Promise<readonly Tensor[]>;
  /** Ends the process of a model, as when its version is deleted. */
  drop(key: string): void;
  readonly stats: () => { processes: number; waiting: number; deaths: number };
  close(): void;
};

type Job = {
  readonly key: string;
  readonly model: ResolvedModel;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly string[];
  readonly deadlineAt: number;
  readonly resolve: (outputs: readonly Tensor[]) => void;
  readonly reject: (error: unknown) => void;
  /** Runs while the job waits for a process. */
  readonly timer: NodeJS.Timeout;
};

type Slot = {
  readonly key: string;
  readonly tenantId: string;
  process: Promise<ModelProcess> | undefined;
  busy: boolean;
  usedAt: number;
};

/** A caller in a hurry does not get a healthy model killed: a run has at least this long. */
const leastRunMs = 1_000;

/**
 * Runs models that could run away in processes of their own: one process a model, never shared between tenants, killed at the
 * deadline, started again for the next request. A model whose process dies again and again rests.
 */
export function createContainedLane(options: ContainedLaneOptions): ContainedLane {
  const { quarantine, maxProcesses = 4, maxProcessesPerTenant = 2, maxWaiting = 256 } = options;
  const { strikes: maxStrikes = 3, restMs = 60_000 } = options;
  const slots = new Map<string, Slot>();
  const strikes = new Map<string, number>();
  let waiting: Job[] = [];
  let deaths = 0;
  let clock = 0;
  let closed = false;

  /** Gives waiting requests, oldest first, the processes that are free for them. */
  function pump(): void {
    const still: Job[] = [];
    for (const job of waiting) {
      const slot = slots.get(job.key) ?? makeSlot(job.model, job.key);
      if (slot && !slot.busy) void serve(slot, job);
      else still.push(job);
    }
    waiting = still;
  }

  function makeSlot({ tenantId }: ResolvedModel, key: string): Slot | undefined {
    const own = [...slots.values()].filter((slot) => slot.tenantId === tenantId);
    if (own.length >= maxProcessesPerTenant && !retireIdle(own)) return undefined;
    if (slots.size >= maxProcesses && !retireIdle([...slots.values()])) return undefined;
    const slot: Slot = { key, tenantId, process: undefined, busy: false, usedAt: ++clock };
    slots.set(key, slot);
    return slot;
  }

  /** Ends the process, among `candidates`, that has been idle longest; false when all are busy. */
  function retireIdle(candidates: readonly Slot[]): boolean {
    const [oldest] = candidates.filter(({ busy }) => !busy).sort((a, b) => a.usedAt - b.usedAt);
    if (oldest) retire(oldest);
    return oldest !== undefined;
  }

  function retire(slot: Slot): void {
    if (slots.get(slot.key) === slot) slots.delete(slot.key);
    slot.process?.then((process) => process.kill()).catch(() => undefined);
  }

  async function serve(slot: Slot, job: Job): Promise<void> {
    slot.busy = true;
    clearTimeout(job.timer);
    try {
      job.resolve(await runIn(slot, job));
      strikes.delete(job.key);
    } catch (error) {
      job.reject(error);
      if (modelProcessEnd(error)) strike(slot, error);
    } finally {
      slot.busy = false;
      slot.usedAt = ++clock;
      pump();
    }
  }

  async function runIn(slot: Slot, { model, inputs, outputs, deadlineAt }: Job): Promise<readonly Tensor[]> {
    slot.process ??= model.loadBytes().then((bytes) => startModelProcess(bytes, options));
    // A failed download is the store's fault, not the model's: the next request tries again.
    slot.process.catch(() => retire(slot));
    const left = (): number => deadlineAt - performance.now();
    const process = await within(slot.process, left(), 'the deadline passed before the model was loaded');
    if (closed) process.kill();
    await within(process.ready, left(), 'the deadline passed before the process of the model had started');
    const reply = await process.ask({ kind: 'run', inputs, outputs }, Math.max(leastRunMs, left()));
    if (reply.kind === 'outputs') return reply.outputs;
    if (reply.kind === 'failed') throw new KolateError(reply.code, reply.detail);
    throw new Error(`a model process answered ${reply.kind} to a run`);
  }

  function strike(slot: Slot, error: unknown): void {
    retire(slot);
    if (closed) return;
    deaths++;
    const count = (strikes.get(slot.key) ?? 0) + 1;
    if (strikes.size > 10_000) strikes.clear();
    strikes.set(slot.key, count);
    if (count < maxStrikes) return;
    strikes.delete(slot.key);
    const last = error instanceof KolateError ? error.detail : String(error);
    quarantine.add(slot.key, `its process had to be ended ${count} times in a row; the last time ${last}`, restMs);
  }

  return {
    run(model, inputs, outputs, deadlineMs) {
      const key = modelKey(model);
      return new Promise((resolve, reject) => {
        quarantine.check(key);
        if (waiting.length >= maxWaiting) {
          const detail = `${maxWaiting} requests are waiting for contained models`;
          throw new KolateError('KLT_OVERLOADED', detail, { retryAfterSeconds: 1 });
        }
        const giveUp = () => {
          waiting = waiting.filter((other) => other !== job);
          reject(
            new KolateError('KLT_DEADLINE_EXCEEDED', 'the deadline passed before a process was free for the model'),
          );
        };
        const deadlineAt = performance.now() + deadlineMs;
        const timer = setTimeout(giveUp, deadlineMs);
        const job: Job = { key, model, inputs, outputs, deadlineAt, resolve, reject, timer };
        waiting.push(job);
        pump();
      });
    },
    drop(key) {
      const slot = slots.get(key);
      if (slot) retire(slot);
    },
    stats: () => ({ processes: slots.size, waiting: waiting.length, deaths }),
    close() {
      closed = true;
      for (const { timer, reject } of waiting) {
        clearTimeout(timer);
        reject(new KolateError('KLT_OVERLOADED', 'the service is stopping', { retryAfterSeconds: 1 }));
      }
      waiting = [];
      for (const slot of slots.values()) retire(slot);
    },
  };
}
