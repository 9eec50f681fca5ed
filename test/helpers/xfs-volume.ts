import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onPath } from '../../local/setup/layout.mjs';
import { scratchFolder } from './scratch-folder';

export type XfsVolume = {
  /** Runs a bash script as root where $DATA is a fresh XFS volume with project quotas; both streams, when it has ended. */
  readonly run: (script: string) => string;
  readonly reason?: undefined;
};

const volumeBytes = '3G';
const limitMs = 100_000;

/**
 * Real XFS with project quotas: of this machine's kernel where it has them and this is root, else of User Mode Linux, a
 * kernel that runs as a program (Debian: user-mode-linux). Synchronous, so that a test file can decide at load time which
 * tests to skip; where there is neither, it says why.
 */
export function xfsVolume(): XfsVolume | { readonly run?: undefined; readonly reason: string } {
  const missing = ['mkfs.xfs', 'xfs_quota', 'xfs_io'].filter((program) => !find(program));
  if (missing.length > 0) return { reason: `no ${missing.join(', ')} (Debian, Ubuntu: apt install xfsprogs)` };
  if (process.getuid?.() === 0 && existsSync('/proc/filesystems') && mountsHere()) return { run: onThisKernel };
  const kernel = find('linux.uml');
  if (kernel) return { run: (script) => inUserMode(kernel, script) };
  return {
    reason: 'neither root on a kernel with quotas of XFS, nor linux.uml (Debian: apt install user-mode-linux)',
  };
}

/** They are the administrator's, and on nobody else's path. */
const find = (program: string): string | undefined =>
  onPath(program, { PATH: `${process.env.PATH}:/usr/sbin:/sbin:/usr/bin` });

function disk(folder: string): string {
  const file = join(folder, 'disk');
  execFileSync('truncate', ['-s', volumeBytes, file]);
  execFileSync(find('mkfs.xfs') ?? '', ['-q', file]);
  return file;
}

const mountsHere = (): boolean => onThisKernel('xfs_quota -x -c "state -p" $DATA').includes('Accounting: ON');

/** In a mount namespace of its own: the volume is gone with the script. */
function onThisKernel(script: string): string {
  const folder = scratchFolder('xfs');
  const mounted = `set -u; DATA=$(mktemp -d -p ${folder}); mount -o loop,prjquota ${disk(folder)} $DATA || exit 1\n${script}`;
  const { stdout, stderr } = spawnSync('unshare', ['--mount', 'bash', '-c', `exec 2>&1\n${mounted}`], {
    ...{ encoding: 'utf8', timeout: limitMs },
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  return stdout + stderr;
}

/** The root of this machine, read-only, is the root there; what the script prints goes to the console. */
function inUserMode(kernel: string, script: string): string {
  const folder = scratchFolder('xfs');
  const [file, init] = [disk(folder), join(folder, 'init')];
  const output = join(folder, 'output');
  execFileSync('truncate', ['-s', '1M', output]);
  const lines = [
    '#!/bin/bash',
    // Clones and scratch folders may lie in /tmp, so what is written goes elsewhere.
    'export PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin DATA=/mnt/data TMPDIR=/mnt/tmp',
    // A disk of its own for what is printed: the kernel speaks on the console too.
    'exec < /dev/null > /dev/ubdb 2>&1',
    'mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs tmp /mnt; mkdir $DATA $TMPDIR',
    'mount -o prjquota /dev/ubda $DATA',
    `(${script}\n)`,
    'umount $DATA; sync; echo o > /proc/sysrq-trigger; sleep 5',
  ];
  writeFileSync(init, lines.join('\n'), { mode: 0o755 });
  spawnSync(
    kernel,
    [
      ...['mem=256M', `ubd0=${file}`, `ubd1=${output}`, 'root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro'],
      ...[`init=${init}`, 'con=null', 'con0=fd:0,fd:1', 'quiet'],
    ],
    { stdio: 'ignore', timeout: limitMs, killSignal: 'SIGKILL' },
  );
  return readFileSync(output, 'utf8').replaceAll('\0', '');
}
