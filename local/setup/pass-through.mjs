import { spawn } from 'node:child_process';

/**
 * Runs a program in our place: its input and output are ours, signals go on to it, and its exit code is answered.
 * It gets a session of its own, so that Ctrl-C reaches it once, from here, and not a second time from the terminal or
 * npm: a second one means "at once". One that asks questions has to share ours, since another session cannot read from
 * the terminal; the terminal's signals reach it there by themselves.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: Record<string, string | undefined>, sharesTerminal?: boolean, now?: () => number }} options
 * @returns {Promise<number>}
 */
export function passThrough(command, args, { cwd, env, sharesTerminal = false, now = Date.now }) {
  const child = spawn(command, [...args], { cwd, env, stdio: 'inherit', detached: !sharesTerminal });
  const sent = new Map();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
    process.removeAllListeners(signal);
    process.on(signal, () => {
      if (sharesTerminal && (signal === 'SIGINT' || signal === 'SIGQUIT')) return;
      if (sent.has(signal) && now() - sent.get(signal) < 300) return;
      sent.set(signal, now());
      child.kill(signal);
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signals[signal] ?? 1)));
  });
}

const signals = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
