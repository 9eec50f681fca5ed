import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateUserCommand,
  DeleteUserCommand,
  type ElastiCacheClient,
  ModifyUserCommand,
  type Tag,
} from '@aws-sdk/client-elasticache';
import { tenantUserPrefix } from '../../../contracts/cache-access';
import { KolateError } from '../../../contracts/errors';
import { changeGroup, findUser, readGroup, unless } from './elasticache-client';
import { deleteKeys, withRedisSession } from './redis-session';
import type { SharedStore } from './shared-store';
import type { TenantNames } from './tenant-names';
import { accessOf } from './valkey-tenant';

export type ElastiCacheOptions = {
  readonly client: ElastiCacheClient;
  /** The group of users that the replication group lets in. */
  readonly userGroupId: string;
  /** redis(s)://host:port, without who comes in. */
  readonly url: string;
  /** Of the users that are made. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly pollMs?: number;
  /** How long ElastiCache may take to bring one tenant's changes to its nodes. */
  readonly deadlineMs?: number;
};

type User = { readonly id: string; readonly name: string; readonly rules: readonly string[] };
type Pause = () => Promise<void>;
type UserMaker = { readonly client: ElastiCacheClient; readonly Tags: Tag[] };

/** ElastiCache’s ids have letters, digits and hyphens, and 40 at most. */
function usersOf(names: TenantNames): { readonly serving: User; readonly maintenance: User } {
  const { serving, maintenance } = accessOf(names);
  const id = names.user.replace('t_', tenantUserPrefix);
  return {
    serving: { id, name: serving.user, rules: serving.rules },
    maintenance: { id: `${id}-m`, name: maintenance.user, rules: maintenance.rules },
  };
}

/**
 * Users in a Valkey of ElastiCache, which takes no ACL commands: its API makes them, a group lets them in, and a change of
 * either takes a while to reach the nodes. Nobody may touch all keys there, so a tenant's are deleted as the tenant.
 */
export function createElastiCacheTenants(options: ElastiCacheOptions): SharedStore {
  const { client, userGroupId, url, tags = {}, pollMs = 2_000, deadlineMs = 300_000 } = options;
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const users: UserMaker = { client, Tags };
  const pauses = (signal?: AbortSignal): Pause => {
    const deadline = AbortSignal.timeout(deadlineMs);
    const until = signal ? AbortSignal.any([signal, deadline]) : deadline;
    return () =>
      delay(pollMs, undefined, { signal: until }).catch((cause: unknown) => {
        throw new KolateError('KLT_STEP_TIMED_OUT', 'ElastiCache has not brought the change to its nodes yet', {
          hint: 'it goes on with it: retry the operation, which takes it up again',
          cause,
        });
      });
  };

  const deleteKeysOf = async (user: User, prefix: string, pause: Pause): Promise<void> => {
    const password = randomBytes(24).toString('base64url');
    await setPassword(users, user, password, pause);
    const as = Object.assign(new URL(url), { username: user.name, password });
    for (;;) {
      try {
        return await withRedisSession(as.href, (redis) => deleteKeys(redis, prefix));
      } catch (error) {
        // The node that we came to has not heard of the new password.
        if (!(error instanceof Error && error.message.startsWith('WRONGPASS'))) throw error;
      }
      await pause();
    }
  };

  return {
    async ensure(names, credentials, signal) {
      const pause = pauses(signal);
      const { serving, maintenance } = usersOf(names);
      await setPassword(users, serving, credentials.redis, pause);
      await setPassword(users, maintenance, credentials.redisMaintenance, pause);
      await changeGroup(client, userGroupId, { add: [serving.id, maintenance.id] }, pause);
    },
    async drop(names, signal) {
      const pause = pauses(signal);
      const { serving, maintenance } = usersOf(names);
      await changeGroup(client, userGroupId, { remove: [serving.id] }, pause);
      // Whoever never was in the group has written nothing; who has left it had its keys deleted before.
      const group = await readGroup(client, userGroupId);
      if (group.users.has(maintenance.id)) await deleteKeysOf(maintenance, names.keyPrefix, pause);
      await changeGroup(client, userGroupId, { remove: [maintenance.id] }, pause);
      for (const { id } of [serving, maintenance]) await deleteUser(client, id, pause);
    },
  };
}

/** Makes the user where there is none. Resolves when all nodes know. */
async function setPassword({ client, Tags }: UserMaker, user: User, password: string, pause: Pause): Promise<void> {
  const { id: UserId, name: UserName, rules } = user;
  const access = {
    ...{ UserId, AccessString: rules.join(' ') },
    AuthenticationMode: { Type: 'password' as const, Passwords: [password] },
  };
  let asked = false;
  for (;;) {
    const found = await findUser(client, UserId);
    if (!found) {
      const make = new CreateUserCommand({ ...access, UserName, Engine: 'valkey', Tags });
      asked = (await unless(['UserAlreadyExists'], () => client.send(make))) !== undefined;
    } else if (found.Status === 'active') {
      if (asked) return;
      const change = new ModifyUserCommand(access);
      asked = (await unless(['InvalidUserState'], () => client.send(change))) !== undefined;
    }
    await pause();
  }
}

async function deleteUser(client: ElastiCacheClient, UserId: string, pause: Pause): Promise<void> {
  for (let found = await findUser(client, UserId); found; found = await findUser(client, UserId)) {
    if (found.Status === 'active') {
      const leave = new DeleteUserCommand({ UserId });
      await unless(['InvalidUserState', 'UserNotFound'], () => client.send(leave));
    }
    await pause();
  }
}
