/** Something that has to hold, and what is said where it does not: what, got, expected. */
export type Must = (holds: boolean, what: string, got: unknown, expected: string) => void;

/** Runs a check to its end, so that who filled in a literal sees all that is wrong at once. @throws Error, a line for each fault */
export function checkAll(check: (must: Must) => void): void {
  const faults: string[] = [];
  check((holds, what, got, expected) => {
    if (!holds) faults.push(`${what} is ${shown(got)}; expected ${expected}`);
  });
  stopAt(faults);
}

/** @throws Error unless there are none */
export function stopAt(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(faults.map((fault) => `environment: ${fault}`).join('\n'));
}

/** As it stands in a literal. JSON has no words for some values, and an exception for others. */
export const shown = (value: unknown): string =>
  typeof value === 'string' || (typeof value === 'object' && value !== null) ? JSON.stringify(value) : String(value);
