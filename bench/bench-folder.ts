import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearOwnedFolders, makeOwnedFolder } from '../local/engines/owned-folder';
import { stopHome } from '../local/supervisor/stop-home';

const prefix = 'kolate-bench-';

/** A folder for engines, that they can enter; what benchmarks left that were killed is ended and removed first. */
export async function benchFolder(): Promise<string> {
  await clearOwnedFolders([prefix], tmpdir(), (folder) => stopHome(join(folder, 'home')));
  return makeOwnedFolder(prefix);
}
