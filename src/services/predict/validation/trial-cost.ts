import { KolateError } from '../../../contracts/errors';
import { defaultModelSettings } from '../../../contracts/http/models';
import type { Session } from '../inference/ort-runtime';
import type { ServingPlan } from '../inference/serving-plan';
import type { Tensor } from '../inference/tensors';
import { trialInputs } from './trial-inputs';

/** Above these a model would hold up the others in the serving process, so it is contained. CPU time, and memory of one call. */
export const most = {
  loadMs: 2_000,
  loadBytes: 256 * 1024 * 1024,
  rowMs: 50,
  manyRowsMs: 1_000,
  manyRowsBytes: 256 * 1024 * 1024,
  /** Half of what the watchdog allows: as many rows as a request may have, in one call. */
  requestMs: 5_000,
} as const;
/** Enough for a model that takes the cube of its rows to show, while the square of them stays small. */
const manyRows = 512;
/** What the time for many rows is compared with, to see how it grows. */
const fewRows = 128;

/** Why one row takes too long for the serving process; undefined when it does not. */
export function slowRow(session: Session, { inputs, outputs }: ServingPlan, openSize: number): string | undefined {
  const one = measure(session, trialInputs(inputs, { rows: 1, openSize, value: () => 1 }), outputs);
  if (one === 'out of memory') return 'one row takes more memory than a model may have';
  return one && one.ms > most.rowMs ? `one row takes ${Math.round(one.ms)} ms of a processor` : undefined;
}

/** Why many rows take too much memory or time for it. */
export function heavyRows(session: Session, { inputs, outputs }: ServingPlan, openSize: number): string | undefined {
  if (!inputs.some(({ shape }) => shape[0] === -1)) return undefined;
  const many = measure(session, trialInputs(inputs, { rows: manyRows, openSize, value: () => 1 }), outputs);
  if (many === 'out of memory') return `${manyRows} rows take more memory than a model may have`;
  if (many && many.ms > most.manyRowsMs) return `${manyRows} rows take ${Math.round(many.ms)} ms of a processor`;
  if (many && many.bytes > most.manyRowsBytes) return `${manyRows} rows take ${Math.round(many.bytes / 1e6)} MB`;
  return undefined;
}

/**
 * Why as many rows as a request may have would take too long, though many take little: the time may grow with the square of the
 * rows, or with their cube. Only for rows that depend on each other; the others are cut into calls that are short.
 */
export function steepRows(session: Session, plan: ServingPlan, openSize: number): string | undefined {
  if (!plan.inputs.some(({ shape }) => shape[0] === -1)) return undefined;
  const few = leastMs(session, plan, openSize, fewRows);
  const many = leastMs(session, plan, openSize, manyRows);
  if (few === undefined || many === undefined) return undefined;
  // Below this the clock says little, and the cube of it is still bearable.
  if (many < 1) return undefined;
  const power = Math.log(many / Math.max(few, 0.01)) / Math.log(manyRows / fewRows);
  const { maxRows } = defaultModelSettings;
  const ms = many * (maxRows / manyRows) ** power;
  if (ms <= most.requestMs) return undefined;
  return `${maxRows} rows would take about ${Math.round(ms / 1_000)} s: its time grows with the power ${power.toFixed(1)} of the rows`;
}

/** Of three runs: what else the process does meanwhile counts as well. */
function leastMs(
  session: Session,
  { inputs, outputs }: ServingPlan,
  openSize: number,
  rows: number,
): number | undefined {
  let least: number | undefined;
  for (let run = 0; run < 3; run++) {
    const seen = measure(session, trialInputs(inputs, { rows, openSize, value: () => 1 }), outputs);
    if (!seen || seen === 'out of memory') return undefined;
    least = Math.min(least ?? seen.ms, seen.ms);
  }
  return least;
}

/** CPU time and growth of the process's largest size; undefined when the run fails, as it may with guessed values. */
function measure(
  session: Session,
  inputs: readonly Tensor[],
  outputs: readonly string[],
): { ms: number; bytes: number } | 'out of memory' | undefined {
  const bytes = process.resourceUsage().maxRSS;
  const ms = cpuMs();
  try {
    session.run(inputs, outputs);
  } catch (error) {
    return isOutOfMemory(error) ? 'out of memory' : undefined;
  }
  return { ms: cpuMs() - ms, bytes: (process.resourceUsage().maxRSS - bytes) * 1_024 };
}

/** CPU time that this process has used so far. */
export const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

export const isOutOfMemory = (error: unknown): boolean =>
  error instanceof KolateError && error.code === 'KLT_INFERENCE_OUT_OF_BOUNDS';
