// A line for each step: what begins, how far a long one is, and how long it took.

const quietMs = 15_000;
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/** @param {(line: string) => void} write */
export function createProgress(write = (line) => process.stderr.write(`${line}\n`)) {
  const begun = Date.now();
  const running = new Map();
  let lastLine = Date.now();
  let timer;
  const line = (text) => {
    lastLine = Date.now();
    write(`  ${`[${seconds(begun)}]`.padEnd(10)} ${text}`);
  };
  /** One line for all that are under way, when none has said anything for a while. */
  const sayStillThere = () => {
    if (Date.now() - lastLine < quietMs) return;
    line(`still under way: ${[...running].map(([title, from]) => `${title} (${seconds(from)})`).join(', ')}`);
  };
  return {
    line,
    /**
     * Runs `act` between two lines; `act` may report where it is.
     * @template T
     * @param {string} title
     * @param {(report: (text: string) => void) => Promise<T>} act
     */
    async step(title, act) {
      const from = Date.now();
      running.set(title, from);
      timer ??= setInterval(sayStillThere, 1_000);
      line(`${title} …`);
      try {
        const result = await act((text) => line(`${title}: ${text}`));
        line(`${title}: done in ${seconds(from)}`);
        return result;
      } catch (error) {
        line(`${title}: failed after ${seconds(from)}`);
        throw error;
      } finally {
        running.delete(title);
        if (running.size === 0) {
          clearInterval(timer);
          timer = undefined;
        }
      }
    },
  };
}
