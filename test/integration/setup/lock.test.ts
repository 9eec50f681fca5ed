import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installOnce } from '../../../local/setup/install-once.mjs';
import { withLock } from '../../../local/setup/lock.mjs';
import { identify, isAlive } from '../../../local/setup/process-identity.mjs';
import { createProgress } from '../../../local/setup/progress.mjs';
import { scratchFolder } from '../../helpers/scratch-folder';

const folder = () => scratchFolder('lock');
const quiet = () => createProgress(() => undefined);

describe('a process', () => {
  it('is not the one of the same pid that started at another time or in another boot', () => {
    const self = identify(process.pid);
    if (!self) throw new Error('we are alive');
    expect(isAlive(self)).toBe(true);
    expect(isAlive({ ...self, startTicks: self.startTicks - 1 })).toBe(false);
    expect(isAlive({ ...self, bootId: 'another' })).toBe(false);
  });
});

describe('a lock', () => {
  it('lets one in at a time', async () => {
    const path = join(folder(), 'lock');
    let inside = 0;
    let most = 0;
    const enter = () =>
      withLock(path, async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
      });
    await Promise.all([enter(), enter(), enter()]);
    expect(most).toBe(1);
    expect(existsSync(path)).toBe(false);
  });

  it('is taken over from a process that is gone', async () => {
    const path = join(folder(), 'lock');
    writeFileSync(path, JSON.stringify({ ...identify(process.pid), startTicks: 1 }));
    expect(await withLock(path, async () => 'inside', { timeoutMs: 5_000 })).toBe('inside');
  });

  it('is taken over when its owner never finished writing it', async () => {
    const path = join(folder(), 'lock');
    writeFileSync(path, '{"pid":');
    utimesSync(path, 0, 0);
    expect(await withLock(path, async () => 'inside', { timeoutMs: 5_000 })).toBe('inside');
  });

  it('is waited for while its owner lives, and that is said once', async () => {
    const path = join(folder(), 'lock');
    writeFileSync(path, JSON.stringify(identify(process.pid)));
    const waits: number[] = [];
    const late = withLock(path, async () => 'inside', { timeoutMs: 150, onWait: (pid) => waits.push(pid) });
    await expect(late).rejects.toThrow('gave up waiting');
    expect(waits).toEqual([process.pid]);
  });
});

describe('an install', () => {
  it('happens once however many want it', async () => {
    const dir = join(folder(), 'tool-1.0');
    let installs = 0;
    const install = async (work: string) => {
      installs++;
      writeFileSync(join(work, 'tool'), '');
    };
    await Promise.all([1, 2, 3].map(() => installOnce(dir, 'tool', quiet(), install)));
    expect(installs).toBe(1);
    expect(readdirSync(dir)).toEqual(['tool']);
  });

  it('that fails leaves nothing, and the next one starts anew', async () => {
    const parent = folder();
    const dir = join(parent, 'tool-1.0');
    const failing = async (work: string) => {
      writeFileSync(join(work, 'half'), '');
      throw new Error('no network');
    };
    await expect(installOnce(dir, 'tool', quiet(), failing)).rejects.toThrow('no network');
    expect(readdirSync(parent)).toEqual([]);
    await installOnce(dir, 'tool', quiet(), async () => undefined);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('removes what an install that was killed left behind', async () => {
    const parent = folder();
    writeFileSync(join(parent, 'tool-1.0.4711.tmp'), '');
    writeFileSync(join(parent, 'tool-1.0.other'), '');
    await installOnce(join(parent, 'tool-1.0'), 'tool', quiet(), async () => undefined);
    expect(readdirSync(parent).sort()).toEqual(['tool-1.0', 'tool-1.0.other']);
  });
});
