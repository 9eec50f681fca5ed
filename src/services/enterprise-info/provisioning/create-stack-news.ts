import { setTimeout as delay } from 'node:timers/promises';
import type { DataOf } from '../../../contracts/events/event';
import { stackStatusChanged } from '../../../contracts/events/stack-events';
import type { Kafka } from '../../../platform/kafka/create-kafka';
import type { Subscription } from '../../../platform/kafka/subscribe-latest';

/**
 * Wakes whoever waits for a stack when there is news of it. News says that the stack is to be looked at again, never what
 * has become of it: twice, late, out of order or not at all, the outcome is the same.
 */
export function createStackNews() {
  const waiting = new Map<string, Set<AbortController>>();

  const wake = (stackName: string): void => {
    for (const waiter of waiting.get(stackName) ?? []) waiter.abort();
  };

  return {
    /** Resolves at the next news of the stack, after `pollMs` at the latest. @throws when `signal` aborts */
    async waitForChange(stackName: string, pollMs: number, signal: AbortSignal): Promise<void> {
      const waiter = new AbortController();
      const waiters = waiting.get(stackName) ?? new Set();
      waiting.set(stackName, waiters.add(waiter));
      try {
        await delay(pollMs, undefined, { signal: AbortSignal.any([signal, waiter.signal]) });
      } catch (error) {
        if (signal.aborted) throw error;
      } finally {
        waiters.delete(waiter);
        if (waiters.size === 0 && waiting.get(stackName) === waiters) waiting.delete(stackName);
      }
    },
    follow: (kafka: Pick<Kafka, 'subscribeLatest'>): Promise<Subscription> =>
      kafka.subscribeLatest({
        events: [stackStatusChanged],
        onMessage: ({ data }) => wake((data as DataOf<typeof stackStatusChanged>).stackName),
        onGap: () => [...waiting.keys()].forEach(wake),
      }),
  };
}
