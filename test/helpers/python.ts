import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';

/** Runs a script of the prepared environment to its end; both streams as text, whatever the exit code. */
export type Python = {
  /** Path of the environment's interpreter; the programs of its packages are beside it. */
  readonly interpreter: string;
  run(script: string, args: string[], timeoutMs: number): Promise<{ code: number; stdout: string; stderr: string }>;
};
export type PreparedPython = { python: Python; reason?: undefined } | { python: undefined; reason: string };

const candidates = ['python3.13', 'python3.12', 'python3.11', 'python3'];
// What the pinned requirements have wheels for.
const usable = 'import sys, venv, ensurepip; assert (3, 11) <= sys.version_info[:2] <= (3, 13); print(sys.version)';
const probeTimeoutMs = 10_000;
const installTimeoutMs = 10 * 60_000;
const maxOutputBytes = 16 * 1024 * 1024;

/**
 * A virtual environment with exactly these requirements, made once per requirements and Python version and kept in the
 * cache folder. Synchronous, so that a test file can decide at load time which tests to skip; the first call downloads
 * some 150 MB from PyPI. Without a usable Python or without the packages it says why.
 * @throws Error with that reason when `CI` is set: there, nothing may be skipped.
 */
export function preparePython(requirementsPath: string, env = process.env): PreparedPython {
  try {
    return { python: createPython(environmentFor(requirementsPath, env)) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (env.CI) throw new Error(`Python is needed in CI: ${reason}`, { cause: error });
    return { python: undefined, reason };
  }
}

function environmentFor(requirementsPath: string, env: NodeJS.ProcessEnv): string {
  const { command, version } = findPython(env);
  const identity = createHash('sha256').update(version).update(readFileSync(requirementsPath)).digest('hex');
  const cache = join(cacheFolder(env), 'python');
  const ready = join(cache, identity.slice(0, 16));
  if (existsSync(ready)) return join(ready, 'bin', 'python');

  // Made aside and renamed when whole: what carries the final name is complete, whoever else was making it.
  const making = `${ready}.${process.pid}`;
  mkdirSync(cache, { recursive: true });
  try {
    execFileSync(command, ['-m', 'venv', making], { timeout: installTimeoutMs, stdio: 'pipe' });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-compile'];
    process.stderr.write(`Installing ${requirementsPath} (once; cached in ${cache}) …\n`);
    const install = { timeout: installTimeoutMs, stdio: 'pipe' } as const;
    execFileSync(join(making, 'bin', 'python'), [...pip, '-r', requirementsPath], install);
    renameSync(making, ready);
  } catch (error) {
    if (!existsSync(ready)) throw error;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return join(ready, 'bin', 'python');
}

function findPython(env: NodeJS.ProcessEnv): { command: string; version: string } {
  const named = env.KOLATE_PYTHON ? [env.KOLATE_PYTHON] : candidates;
  for (const command of named) {
    try {
      const options = { timeout: probeTimeoutMs, encoding: 'utf8', stdio: 'pipe' } as const;
      return { command, version: execFileSync(command, ['-c', usable], options) };
    } catch {
      // Absent, of another version or without venv: the next one may do.
    }
  }
  throw new Error(
    `no Python 3.11 to 3.13 with venv and pip among ${named.join(', ')} (Debian, Ubuntu: apt install python3-venv; or set KOLATE_PYTHON)`,
  );
}

function createPython(interpreter: string): Python {
  return {
    interpreter,
    run: (script, args, timeoutMs) =>
      new Promise((resolve, reject) => {
        const options = { timeout: timeoutMs, maxBuffer: maxOutputBytes, encoding: 'utf8' } as const;
        execFile(interpreter, [script, ...args], options, (error, stdout, stderr) => {
          const code = error ? error.code : 0;
          if (typeof code === 'number') resolve({ code, stdout, stderr });
          else reject(new Error(`${script} did not end by itself: ${error?.message}\n${stderr}`, { cause: error }));
        });
      }),
  };
}

/** The same folder as for engines (local/setup/layout.mjs). */
function cacheFolder(env: NodeJS.ProcessEnv): string {
  if (env.KOLATE_CACHE) return env.KOLATE_CACHE;
  if (userInfo().uid === 0) return '/var/cache/kolate';
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kolate');
}
