import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

/** RS256, since that is what Cognito signs with and all that a load balancer can check. Times in Unix milliseconds. */
export type SigningKey = {
  readonly jwk: { readonly kid: string; readonly [member: string]: unknown };
  readonly signsFrom: number;
};

export type KeyTimes = {
  /** How long a key is published before it signs. */
  readonly leadMs: number;
  /** How long a token lives that it has signed, with some slack for clocks. */
  readonly tokenLifetimeMs: number;
  /** Age at which a key is replaced. */
  readonly rotateAfterMs: number;
};

/** The key that signs now: the youngest whose time has come. @throws Error without any */
export function signingKey(keys: readonly SigningKey[], now: number): SigningKey {
  const due = keys.filter(({ signsFrom }) => signsFrom <= now).sort((a, b) => b.signsFrom - a.signsFrom);
  if (!due[0]) throw new Error('no key may sign yet');
  return due[0];
}

/** Keys that have to be published: a replaced one stays until the last token that it may have signed has expired. */
export function publishedKeys(keys: readonly SigningKey[], now: number, times: KeyTimes): SigningKey[] {
  const current = signingKey(keys, now);
  return keys.filter(({ signsFrom }) => {
    const successor = keys.filter((other) => other.signsFrom > signsFrom).sort((a, b) => a.signsFrom - b.signsFrom)[0];
    return signsFrom >= current.signsFrom || (successor?.signsFrom ?? 0) + times.tokenLifetimeMs > now;
  });
}

export const pendingKey = (keys: readonly SigningKey[], now: number): SigningKey | undefined =>
  keys.find(({ signsFrom }) => signsFrom > now);

/** Whether the key in use is old enough to be replaced and no other waits to take its place. */
export const rotationIsDue = (keys: readonly SigningKey[], now: number, times: KeyTimes): boolean =>
  !pendingKey(keys, now) && signingKey(keys, now).signsFrom + times.rotateAfterMs <= now;

/** When the next key starts to sign, is to be replaced, or leaves. */
export function nextKeyEvent(keys: readonly SigningKey[], now: number, times: KeyTimes): number {
  const events = keys.flatMap(({ signsFrom }) => [
    signsFrom,
    signsFrom + times.tokenLifetimeMs,
    signsFrom + times.rotateAfterMs,
  ]);
  return Math.min(...events.filter((at) => at > now));
}

const generate = promisify(generateKeyPair);

export async function generateSigningKey(signsFrom: number, kid: string): Promise<SigningKey> {
  const { privateKey } = await generate('rsa', { modulusLength: 2_048 });
  return { jwk: { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }, signsFrom };
}
