import { spawn } from 'node:child_process';

/** Ended with us, so that an install that was interrupted does not go on writing. */
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill();
});

/**
 * Runs a command to its end and answers its standard output; rejects with the first and last lines it wrote when it fails.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, timeoutMs?: number, uid?: number, gid?: number, input?: string }} options
 * @returns {Promise<string>}
 */
export function run(command, args, { cwd, env, timeoutMs = 600_000, uid, gid, input } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'];
    const child = spawn(command, [...args], { cwd, uid, gid, stdio, env: { ...process.env, LC_ALL: 'C', ...env } });
    children.add(child);
    let out = '';
    let text = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.stdout?.on('data', (chunk) => {
      out += chunk;
      text = keepEnds(text + chunk);
    });
    child.stderr?.on('data', (chunk) => {
      text = keepEnds(text + chunk);
    });
    if (input !== undefined) child.stdin?.end(input);
    child.on('error', (error) => {
      children.delete(child);
      clearTimeout(timer);
      reject(new Error(`could not run ${command}: ${error.message}`));
    });
    child.on('close', (code, signal) => {
      children.delete(child);
      clearTimeout(timer);
      if (code === 0) return resolve(out);
      reject(new Error(`${command} ${args.slice(0, 3).join(' ')} ended with ${signal ?? code}\n${shorten(text)}`));
    });
  });
}

/** Some programs say the reason first and some last. */
const keepEnds = (text) => (text.length > 16_000 ? `${text.slice(0, 6_000)}\n…\n${text.slice(-6_000)}` : text);

function shorten(text) {
  const lines = text.trim().split('\n');
  return (lines.length > 24 ? [...lines.slice(0, 10), '…', ...lines.slice(-12)] : lines).join('\n');
}
