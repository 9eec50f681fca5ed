import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** Client secrets are 32 random characters or more, so a fast salted hash is enough; people's passwords need a slow one. */
export function hashClientSecret(secret: string, salt = randomBytes(16).toString('base64url')): string {
  return `sha256$${salt}$${createHash('sha256').update(`${salt}${secret}`).digest('base64url')}`;
}

export function clientSecretFits(hash: string, secret: string): boolean {
  const salt = hash.split('$')[1] ?? '';
  return sameText(hash, hashClientSecret(secret, salt));
}

/** Compares in a time that tells nothing of where two texts differ. */
export function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

// 32 MiB and some 60 ms for each try.
const cost = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

/** `scrypt$N$r$p$salt$hash`, as people.json keeps it. */
export async function hashPassword(password: string, salt = randomBytes(16)): Promise<string> {
  const hash = await derive(password, salt);
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

export async function passwordFits(kept: string, password: string): Promise<boolean> {
  const [scheme, n, r, p, salt] = kept.split('$');
  if (scheme !== 'scrypt' || Number(n) !== cost.N || Number(r) !== cost.r || Number(p) !== cost.p || !salt)
    return false;
  return sameText(kept, await hashPassword(password, Buffer.from(salt, 'base64url')));
}

const derive = (password: string, salt: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, 32, cost, (error, key) => (error ? reject(error) : resolve(key)));
  });
