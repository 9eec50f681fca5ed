import { connect } from 'node:net';

/** Sends `request` to a port, of this machine unless `host` is another, and answers what comes back first, as text of one byte a character. */
export function askPort(
  port: number,
  request: Buffer | string,
  timeoutMs = 1_000,
  host = '127.0.0.1',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    socket.once('connect', () => socket.write(request));
    socket.once('data', (data) => {
      resolve(data.toString('latin1'));
      socket.destroy();
    });
    socket.once('timeout', () => socket.destroy(new Error(`no answer from port ${port} in ${timeoutMs} ms`)));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`port ${port} closed the connection`)));
  });
}
