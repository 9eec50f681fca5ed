/** What a loop over a partition is told by whoever runs it. */
export type PartitionControl = {
  /** False once the partition was taken away or the consumer is stopping: what has not begun must not begin. */
  isCurrent(): boolean;
  /** Ends early when the loop is no longer current. */
  wait(ms: number): Promise<void>;
};

export function createPartitionControl(signal: AbortSignal): PartitionControl {
  return {
    isCurrent: () => !signal.aborted,
    wait: (ms) =>
      new Promise((resolve) => {
        if (signal.aborted || ms <= 0) return resolve();
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal.addEventListener('abort', done);
      }),
  };
}
