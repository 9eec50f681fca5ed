// Whether the gateway's port is taken, asked before minutes go into an installation. The start itself holds the port.
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

const timeoutMs = 500;

/**
 * @param {readonly string[]} args of npm start
 * @param {{ root: string, env?: Record<string, string | undefined> }} clone
 * @returns {Promise<string[]>} a line when somebody listens there who is not the platform of this home
 */
export async function findTakenPort(args, { root, env = process.env }) {
  const port = Number(flagValue(args, '--port') ?? 8080);
  const home = flagValue(args, '--home') ?? env.KOLATE_HOME ?? join(root, '.kolate');
  // What is wrong with the number, and whether that home runs already, is said by the start.
  if (!Number.isInteger(port) || port < 1 || port > 65_535 || existsSync(join(home, 'endpoints.json'))) return [];
  return (await isTaken(port))
    ? [`port ${port} is taken: choose another one (npm start -- --port N), or stop what listens there`]
    : [];
}

function flagValue(args, flag) {
  const at = args.findIndex((arg) => arg === flag || arg.startsWith(`${flag}=`));
  return at < 0 ? undefined : (args[at].split('=')[1] ?? args[at + 1]);
}

function isTaken(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: timeoutMs });
    const end = (taken) => () => {
      socket.destroy();
      resolve(taken);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}
