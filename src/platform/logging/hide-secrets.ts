/** Wherever one of these keys stands in what is logged, at the top or one or two levels down, its value is not written. */
const secretKeys: ReadonlySet<string> = new Set([
  'authorization',
  'password',
  'secret',
  'clientSecret',
  'client_secret',
  'token',
  'accessToken',
  'connectionString',
  'cookie',
]);
const censored = '[redacted]';
const deepest = 2;

type Members = Record<string, unknown>;

const isMembers = (value: unknown): value is Members => {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/**
 * `members` with the values of secret keys replaced; itself when there are none. (pino's own redaction by wildcard paths takes
 * longer than the request that an access line is about.)
 */
export function hideSecrets(members: Members, depth = 0): Members {
  let clean = members;
  for (const key in members) {
    const value = members[key];
    const shown = secretKeys.has(key)
      ? censored
      : depth < deepest && isMembers(value)
        ? hideSecrets(value, depth + 1)
        : value;
    if (shown === value) continue;
    if (clean === members)
      clean = Array.isArray(members) ? (Object.assign([], members) as Members & unknown[]) : { ...members };
    clean[key] = shown;
  }
  return clean;
}
