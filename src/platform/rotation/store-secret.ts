import { KolateError } from '../../contracts/errors';
import type { Trust } from '../tls/trust';

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
  /** The only certificate (PEM) that is believed. Absent: whomever this process trusts. */
  readonly ca?: string;
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
function isStoreSecret({ engine, host, port, username, password, dbname, ssl, ca, masterarn }: StoreSecret): boolean {
  const isText = (each: unknown): boolean => typeof each === 'string' && each !== '';
  const required =
    engines.includes(engine) && /^\d{1,5}$/.test(String(port)) && [host, username, password].every(isText);
  const optional = [dbname, ca, masterarn].every((each) => each === undefined || isText(each));
  return required && optional && (ssl === undefined || typeof ssl === 'boolean');
}

/** How its store is spoken to. */
export const tlsOf = ({ ssl, ca }: StoreSecret): Trust => ssl !== false && (ca === undefined || { ca });
