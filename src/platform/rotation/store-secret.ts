import { KolateError } from '../../contracts/errors';

const engines = ['postgres', 'mongo', 'redis'] as const;

/** What RDS and DocumentDB keep of a user, and we of one in Valkey. More members may be there, and stay. */
export type StoreSecret = {
  readonly engine: (typeof engines)[number];
  readonly host: string;
  readonly port: number | string;
  readonly username: string;
  readonly password: string;
  readonly dbname?: string;
  /** Only `false` means a connection without TLS. */
  readonly ssl?: boolean;
  /** Of the secret of whoever may make users: then two users take turns. Absent: the user sets its own password. */
  readonly masterarn?: string;
};

/** @throws KolateError KLT_CONFIG_INVALID, without the text: it is a secret */
export function parseStoreSecret(name: string, text: string, defaults: Partial<StoreSecret> = {}): StoreSecret {
  try {
    const value: StoreSecret = { ...defaults, ...JSON.parse(text) };
    if (isStoreSecret(value)) return value;
  } catch {
    // Not JSON either.
  }
  throw new KolateError('KLT_CONFIG_INVALID', `the secret ${name} does not hold the user of a store`);
}

/** By hand: the validators would be a quarter of what the function of the rotation weighs. */
function isStoreSecret({ engine, host, port, username, password, dbname, ssl, masterarn }: StoreSecret): boolean {
  const isText = (each: unknown): boolean => typeof each === 'string' && each !== '';
  const required =
    engines.includes(engine) && /^\d{1,5}$/.test(String(port)) && [host, username, password].every(isText);
  const optional = [dbname, masterarn].every((each) => each === undefined || isText(each));
  return required && optional && (ssl === undefined || typeof ssl === 'boolean');
}

const turn = '_clone';

/** The two users take turns: whoever still has the password of the other is served until the next rotation. */
export const otherUser = (username: string): string =>
  username.endsWith(turn) ? username.slice(0, -turn.length) : username + turn;

/** Of the two, the one that owns things; both act as it. */
export const firstUser = (username: string): string => (username.endsWith(turn) ? otherUser(username) : username);
