import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { KolateError } from '../../../contracts/errors';
import { requestHead } from './protocol';
import { beginSession } from './sign-in';

export type BrokerAddress = { readonly host: string; readonly port: number };
export type ConnectionOptions = {
  readonly clientId: string;
  readonly tls: boolean;
  /** What to sign in with; absent where brokers ask for nothing. */
  readonly token?: () => Promise<string>;
};

export type BrokerConnection = {
  /** @throws KolateError KLT_DEPENDENCY_UNAVAILABLE when the connection is lost or no answer comes within `timeoutMs` */
  ask(api: { key: number; version: number }, body: readonly Buffer[], timeoutMs: number): Promise<Buffer>;
  /** False as well when its session is about to end: what was asked is still answered, but ask another one. */
  readonly isOpen: () => boolean;
  close(): void;
};

type Waiting = { readonly resolve: (body: Buffer) => void; readonly reject: (error: KolateError) => void };

const maxAnswerBytes = 16 * 1024 * 1024;

/** One connection to one broker; answers come in the order of the requests. It does not mend itself: when it is lost, make another. */
export function openConnection({ host, port }: BrokerAddress, options: ConnectionOptions): BrokerConnection {
  const { clientId, tls, token } = options;
  const socket: Socket = tls ? connectTls({ host, port, servername: host }) : connectTcp({ host, port });
  socket.setNoDelay(true).setKeepAlive(true, 60_000);
  const waiting: Waiting[] = [];
  let correlation = 0;
  let rest: Buffer = Buffer.alloc(0);
  let open = true;
  let leaving = false;
  const over = new AbortController();

  const end = (why: string): void => {
    if (!open) return;
    open = false;
    over.abort();
    socket.destroy();
    for (const { reject } of waiting.splice(0)) reject(lost(why));
  };
  socket.on('error', (error) => end(error.message));
  socket.on('close', () => end('the connection was closed'));
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 4) {
      const length = rest.readInt32BE(0);
      if (length < 4 || length > maxAnswerBytes) return end(`an answer of ${length} bytes`);
      if (rest.length < 4 + length) return;
      // Behind the correlation id.
      waiting.shift()?.resolve(rest.subarray(8, 4 + length));
      rest = rest.subarray(4 + length);
    }
    if (leaving && waiting.length === 0) end('its session is over');
  });

  const ask: BrokerConnection['ask'] = (api, body, timeoutMs) =>
    new Promise((resolve, reject) => {
      if (!open) return reject(lost('the connection was closed'));
      // A request without an answer in time blocks all behind it: the connection is given up.
      const timer = setTimeout(() => end(`no answer within ${timeoutMs} ms`), timeoutMs);
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer);
          settle(value);
        };
      waiting.push({ resolve: settled(resolve), reject: settled(reject) });
      write(socket, requestHead(api, correlation++, clientId), body);
    });

  const leave = (): void => {
    leaving = true;
    if (waiting.length === 0) end('its session is over');
  };
  const ready = token && beginSession(ask, token, { leave, signal: over.signal });
  // Whoever asks hears of it.
  ready?.catch((error: unknown) => end(error instanceof Error ? error.message : String(error)));

  return {
    ask: ready ? (api, body, timeoutMs) => ready.then(() => ask(api, body, timeoutMs)) : ask,
    isOpen: () => open && !leaving,
    close: () => end('closed'),
  };
}

function write(socket: Socket, head: Buffer, body: readonly Buffer[]): void {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.reduce((sum, part) => sum + part.length, head.length));
  socket.cork();
  socket.write(Buffer.concat([size, head]));
  for (const part of body) socket.write(part);
  socket.uncork();
}

const lost = (why: string): KolateError =>
  new KolateError('KLT_DEPENDENCY_UNAVAILABLE', `Kafka does not answer: ${why}`, { retryAfterSeconds: 1 });
