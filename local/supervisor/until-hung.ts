import { setTimeout as delay } from 'node:timers/promises';

export type HealthChecks = {
  readonly everyMs: number;
  /** So many in a row, and the process is taken to hang. */
  readonly failures: number;
};

/** A process that answers nothing for half a minute is past waiting for, and a busy machine is not that late. */
export const healthChecks: HealthChecks = { everyMs: 10_000, failures: 3 };

/** Resolves to true once `alive` has said no, or nothing, so many times in a row; to false when `signal` came first. */
export async function untilHung(
  alive: () => Promise<boolean>,
  { everyMs, failures }: HealthChecks,
  signal: AbortSignal,
): Promise<boolean> {
  for (let failed = 0; failed < failures; ) {
    await delay(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return false;
    failed = (await alive().catch(() => false)) ? 0 : failed + 1;
  }
  return !signal.aborted;
}
