import { setTimeout as pause } from 'node:timers/promises';

/**
 * Asks until `condition` holds, every 10 ms; fails after `timeoutMs` with what `describe` says then, by default the
 * last error or value.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  timeoutMs = 15_000,
  describe?: () => unknown,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const value = await condition();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    await pause(10);
  }
  const seen = describe ? JSON.stringify(await describe()) : `last: ${last}`;
  throw new Error(`the condition did not hold within ${timeoutMs} ms; ${seen}`);
}
