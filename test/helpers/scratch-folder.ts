import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];
afterAll(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder of its own in the temp folder, gone when the tests of the file are done. */
export function scratchFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `kolate-${name}-`));
  made.push(folder);
  return folder;
}
