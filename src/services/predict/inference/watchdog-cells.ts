/**
 * The memory that the serving thread and the watchdog share. `sequence` is odd while a model runs and changes with each run, so
 * that one long run can be told from many short ones; `keyLength` bytes at `keyOffset` name the model.
 */
export const cells = { sequence: 0, keyLength: 1, stop: 2 } as const;
export const keyOffset = 16;
export const maxKeyBytes = 496;
export const sharedBytes = keyOffset + maxKeyBytes;

export type WatchdogData = {
  readonly shared: SharedArrayBuffer;
  readonly quarantineFile: string;
  /** A run that lasts longer ends the process. */
  readonly standstillMs: number;
};

/** One line of the quarantine file. */
export type QuarantineLine = { readonly key: string; readonly reason: string; readonly at: string };
