import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';

const connectTimeoutMs = 1_000;
const windowBytes = 1_048_576;
const sessionWindowBytes = 8_388_608;

/**
 * One HTTP/2 connection to the service at `address` (host:port), made when it is first needed and made anew as soon as
 * the service has closed it or said that it goes away. Calls under way on the old one end there.
 */
export function createGrpcUpstream(address: string) {
  let current: ClientHttp2Session | undefined;

  const open = (): ClientHttp2Session => {
    const session = connect(`http://${address}`, { settings: { initialWindowSize: windowBytes, enablePush: false } });
    const forget = (): void => {
      if (current === session) current = undefined;
    };
    const timer = setTimeout(() => session.destroy(new Error(`no connection to ${address}`)), connectTimeoutMs);
    session.once('connect', () => {
      clearTimeout(timer);
      session.setLocalWindowSize(sessionWindowBytes);
    });
    // The calls on it hear of it themselves.
    session.on('error', forget);
    session.once('goaway', () => {
      forget();
      session.close();
    });
    session.once('close', () => {
      clearTimeout(timer);
      forget();
    });
    return session;
  };

  return {
    /** Starts a call. What goes wrong, the connection included, is an `error` of the stream. */
    request(headers: OutgoingHttpHeaders): ClientHttp2Stream {
      if (!current || current.closed || current.destroyed) current = open();
      return current.request(headers, { endStream: false });
    },
    /** @throws Error unless the service answers a ping */
    ready(): Promise<void> {
      if (!current || current.closed || current.destroyed) current = open();
      const session = current;
      return new Promise((resolve, reject) => {
        const answered = (error: Error | null): void => (error ? reject(error) : resolve());
        const ping = (): void => {
          if (session.destroyed || !session.ping(answered)) reject(new Error(`${address} takes no ping`));
        };
        session.once('error', reject);
        if (session.connecting) session.once('connect', ping);
        else ping();
      });
    },
    close: (): void => current?.destroy(),
  };
}

export type GrpcUpstream = ReturnType<typeof createGrpcUpstream>;
