/** What people see of a start or a stop: a line for each step once it is done, with the time since the beginning. */
export type Steps = {
  line(text: string): void;
  /** Runs `act` and says that it is done and how long it took; says every few seconds that it goes on where it is slow. */
  step<T>(title: string, act: () => Promise<T>, result?: (value: T) => string): Promise<T>;
};

const stillAfterMs = 5_000;
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

export function createSteps(write: (line: string) => void, now: () => number = Date.now): Steps {
  const begun = now();
  const line = (text: string): void => write(`  ${`[${seconds(now() - begun)}]`.padStart(9)}  ${text}`);
  return {
    line,
    async step(title, act, result) {
      const from = now();
      const still = setInterval(() => line(`${title}: still at it, ${seconds(now() - from)}`), stillAfterMs);
      try {
        const value = await act();
        const more = result?.(value) ?? '';
        line(`${title}${more ? `: ${more}` : ''} (${seconds(now() - from)})`);
        return value;
      } catch (error) {
        line(`${title}: failed after ${seconds(now() - from)}`);
        throw error;
      } finally {
        clearInterval(still);
      }
    },
  };
}
