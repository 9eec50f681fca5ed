import { KolateError } from '../../../contracts/errors';

type Ask = (api: { key: number; version: number }, body: readonly Buffer[], timeoutMs: number) => Promise<Buffer>;

const handshakeApi = { key: 17, version: 1 } as const;
/** The first version that says how long the session lives. */
const authenticateApi = { key: 36, version: 1 } as const;
const signInTimeoutMs = 10_000;
const mechanism = Buffer.from('OAUTHBEARER');

/** A session is left so long before the broker ends it, as a share of its life. */
const leaveAfter = 0.8;
/** What `setTimeout` takes: 24 days. */
const maxTimeoutMs = 2 ** 31 - 1;

/**
 * Signs in, and calls `leave` when it is time to go on with another connection: signing in again on the same one would hold
 * up all that is asked meanwhile.
 * @param signal aborted when the connection ends before
 * @throws as `signIn`
 */
export async function beginSession(
  ask: Ask,
  token: () => Promise<string>,
  { leave, signal }: { readonly leave: () => void; readonly signal: AbortSignal },
): Promise<void> {
  const lifeMs = await signIn(ask, token);
  if (lifeMs === 0 || signal.aborted) return;
  const timer = setTimeout(leave, Math.min(lifeMs * leaveAfter, maxTimeoutMs)).unref();
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
}

/**
 * SASL/OAUTHBEARER on a fresh connection.
 * @returns how long the broker lets the session live, in milliseconds; 0: as long as the connection
 * @throws KolateError KLT_DEPENDENCY_UNAVAILABLE, and what `token` throws
 */
async function signIn(ask: Ask, token: () => Promise<string>): Promise<number> {
  const bearer = Buffer.from(`n,,\x01auth=Bearer ${await token()}\x01\x01`);
  const length = Buffer.alloc(2);
  length.writeInt16BE(mechanism.length);
  const offered = await ask(handshakeApi, [length, mechanism], signInTimeoutMs);
  if (offered.readInt16BE(0) !== 0) throw refused('it does not take OAUTHBEARER');
  const size = Buffer.alloc(4);
  size.writeInt32BE(bearer.length);
  return readSession(await ask(authenticateApi, [size, bearer], signInTimeoutMs));
}

/** Error code, message, the server's word (a refusal's reason in JSON), lifetime. */
function readSession(answer: Buffer): number {
  const error = answer.readInt16BE(0);
  const messageBytes = Math.max(0, answer.readInt16BE(2));
  const message = answer.toString('utf8', 4, 4 + messageBytes);
  if (error !== 0) throw refused(message);
  const wordBytes = Math.max(0, answer.readInt32BE(4 + messageBytes));
  // Without an error the word is empty, unless it says why the token was not taken; the broker then waits for a word of ours.
  if (wordBytes > 0) throw refused(answer.toString('utf8', 8 + messageBytes, 8 + messageBytes + wordBytes));
  return Number(answer.readBigInt64BE(8 + messageBytes));
}

const refused = (why: string): KolateError =>
  new KolateError('KLT_DEPENDENCY_UNAVAILABLE', `Kafka does not let us in: ${why}`, { retryAfterSeconds: 1 });
