import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { SelfSigned } from './self-signed';

export type TlsFront = { readonly host: string; readonly port: number; readonly close: () => Promise<void> };

/** PostgreSQL's clients ask first, in eight bytes, and begin with TLS when the answer is S. */
async function agreeOnTls(socket: Socket): Promise<void> {
  await once(socket, 'readable');
  socket.read(8);
  socket.write('S');
}

/** TLS in front of an engine that listens without: whoever does not speak it gets no further. */
export async function tlsFront(
  engine: { readonly host: string; readonly port: number },
  { certificate, key }: SelfSigned,
  kind: 'tls' | 'postgres' = 'tls',
  at = { host: '127.0.0.1', port: 0 },
): Promise<TlsFront> {
  const secureContext = createSecureContext({ cert: certificate, key });
  const open = new Set<Socket>();
  const serve = async (socket: Socket): Promise<void> => {
    open.add(socket);
    socket.on('error', () => undefined);
    if (kind === 'postgres') await agreeOnTls(socket);
    const secure = new TLSSocket(socket, { isServer: true, secureContext });
    const behind = connect(engine.port, engine.host);
    open.add(behind);
    secure.pipe(behind).pipe(secure);
    secure.on('error', () => behind.destroy());
    behind.on('error', () => secure.destroy());
    secure.on('close', () => behind.destroy());
  };
  const server = createServer((socket) => void serve(socket));
  await new Promise<void>((resolve) => server.listen(at.port, at.host, resolve));
  return {
    host: 'localhost',
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
