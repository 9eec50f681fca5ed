import { fork } from 'node:child_process';

/** What a detached supervisor tells the command that started it, until it is ready. */
export type DetachedMessage = { readonly line: string } | { readonly ready: true };

/** Says which end of the conversation a process is. */
export const detachedVariable = 'KOLATE_DETACHED';

/**
 * Runs this program again in a session of its own and shows what it says until it is ready. Answers the exit code: of
 * the other one when it ends before.
 */
export function startDetached(args: readonly string[], write: (line: string) => void): Promise<number> {
  const child = fork(process.argv[1] ?? '', ['start', ...args], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, [detachedVariable]: '1' },
  });
  // Ctrl-C here reaches this process alone.
  const end = (): void => void child.kill('SIGTERM');
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  return new Promise((resolve) => {
    child.on('message', (message: DetachedMessage) => {
      if ('line' in message) return write(message.line);
      child.disconnect();
      child.unref();
      resolve(0);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** In the detached process: lines go to who started it, as long as that one listens. */
export function tellParent(message: DetachedMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
