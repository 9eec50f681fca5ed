// A line for each step: what begins, how far a long one is, and how long it took.

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/** @param {(line: string) => void} write */
export function createProgress(write = (line) => process.stderr.write(`${line}\n`)) {
  const begun = Date.now();
  const line = (text) => write(`  ${`[${seconds(begun)}]`.padEnd(10)} ${text}`);
  return {
    line,
    /**
     * Runs `act` between two lines; `act` may report where it is, and is mentioned every 15 s when it says nothing.
     * @template T
     * @param {string} title
     * @param {(report: (text: string) => void) => Promise<T>} act
     */
    async step(title, act) {
      const from = Date.now();
      let last = Date.now();
      const report = (text) => {
        last = Date.now();
        line(`${title}: ${text}`);
      };
      line(title);
      const still = setInterval(() => Date.now() - last >= 14_000 && report(`still at it (${seconds(from)})`), 1_000);
      try {
        const result = await act(report);
        line(`${title}: done in ${seconds(from)}`);
        return result;
      } catch (error) {
        line(`${title}: failed after ${seconds(from)}`);
        throw error;
      } finally {
        clearInterval(still);
      }
    },
  };
}
