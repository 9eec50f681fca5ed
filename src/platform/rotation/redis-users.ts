import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { withRedis } from '../redis/with-redis';
import { type StoreSecret, tlsOf } from './store-secret';
import type { NewPassword } from './store-users';

const rule = /\([^)]*\)|\S+/g;

/** The second user has the rules of the first. */
export const setRedisPassword = (by: StoreSecret, { username, password, like }: NewPassword): Promise<void> =>
  signedIn(by, async (redis) => {
    const users = (await redis.call('ACL', 'LIST')) as string[];
    const rulesOf = (name: string) =>
      users
        .find((line) => line.startsWith(`user ${name} `))
        ?.match(rule)
        ?.slice(2);
    const rules = rulesOf(like);
    if (!rules) throw new Error(`there is no user ${like} to take after`);
    const allowed = rules.filter((each) => !each.startsWith('#') && each !== 'nopass');
    const hash = createHash('sha256').update(password).digest('hex');
    // As one command: at no time is there a user without a password, or one that may do too much.
    await redis.call('ACL', 'SETUSER', username, 'reset', ...allowed, `#${hash}`);
    await redis.call('ACL', 'SAVE').catch((error: unknown) => {
      // Where users are not in a file, somebody else keeps them.
      if (!(error instanceof Error && error.message.includes('not configured to use an ACL file'))) throw error;
    });
  });

export const tryRedis = (secret: StoreSecret): Promise<void> => signedIn(secret, async () => undefined);

/** Connected means let in: AUTH has been answered. */
function signedIn(secret: StoreSecret, act: (redis: Redis) => Promise<void>): Promise<void> {
  const { host, port, username, password } = secret;
  const tls = tlsOf(secret);
  return withRedis(
    {
      ...{ host, port: Number(port), username, password, connectionName: 'rotate-secret' },
      ...(tls ? { tls: tls === true ? {} : tls } : {}),
    },
    act,
    (error, told) => told ?? error,
  );
}
