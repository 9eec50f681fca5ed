export type BackoffPolicy = {
  /** Upper bound of the first wait. */
  readonly baseMs: number;
  /** Upper bound of any wait. */
  readonly maxMs: number;
};

/**
 * Milliseconds to wait before try `attempt + 1`, when try `attempt` (from 1) has failed: exponential, the upper half of
 * it jittered, so that those who failed together do not come back together and none comes back at once.
 * @param random a number in [0, 1)
 */
export function backoffMs({ baseMs, maxMs }: BackoffPolicy, attempt: number, random: number): number {
  const bound = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(bound / 2 + (bound / 2) * random);
}

/** `backoffMs` with its policy and its source of randomness filled in: what consumers and relays are handed. */
export const jitteredBackoff =
  (policy: BackoffPolicy, random: () => number) =>
  (attempt: number): number =>
    backoffMs(policy, attempt, random());
