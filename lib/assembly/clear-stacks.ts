import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes the stacks that an earlier synthesis wrote into `folder`, which the CDK leaves there when it writes others beside
 * them. Assets stay: they are named after their content.
 */
export function clearStacks(folder: string): void {
  const files = readdirSync(folder).filter((file) => /^(kolate-.+|manifest|tree)\.json$/.test(file));
  for (const file of files) rmSync(join(folder, file));
}
