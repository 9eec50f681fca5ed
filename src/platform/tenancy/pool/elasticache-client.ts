import {
  DescribeUserGroupsCommand,
  DescribeUsersCommand,
  ElastiCacheClient,
  type ElastiCacheClientConfig,
  ElastiCacheServiceException,
  ModifyUserGroupCommand,
  type User,
} from '@aws-sdk/client-elasticache';
import { KolateError } from '../../../contracts/errors';
import { failureOf } from '../cloudformation/stack-failure';

export const createElastiCacheClient = (config: ElastiCacheClientConfig): ElastiCacheClient =>
  new ElastiCacheClient({
    maxAttempts: 8,
    retryMode: 'adaptive',
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
    ...config,
  });

/** What ElastiCache refuses with where something is so already, or is being changed just now. */
type Fault = 'UserNotFound' | 'UserAlreadyExists' | 'InvalidUserState' | 'InvalidUserGroupState';

/** Its names end with `Fault`, or with nothing. */
const isOneOf = (error: unknown, faults: readonly string[]): boolean =>
  error instanceof ElastiCacheServiceException && faults.includes(error.name.replace(/Fault$/, ''));

/** @throws KolateError by what ElastiCache said; KLT_DEPENDENCY_UNAVAILABLE when it did not answer */
export async function ask<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ElastiCacheServiceException && error.$fault === 'client' && !error.$retryable) {
      throw failureOf(`${error.name}: ${error.message}`, error);
    }
    throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'ElastiCache does not answer', {
      retryAfterSeconds: 5,
      cause: error,
    });
  }
}

/** What `call` answers; undefined where ElastiCache refuses with one of `faults`. @throws as `ask` */
export const unless = <T>(faults: readonly Fault[], call: () => Promise<T>): Promise<T | undefined> =>
  ask(() =>
    call().catch((error: unknown) => {
      if (!isOneOf(error, faults)) throw error;
      return undefined;
    }),
  );

export async function findUser(client: ElastiCacheClient, UserId: string): Promise<User | undefined> {
  const found = await unless(['UserNotFound'], () => client.send(new DescribeUsersCommand({ UserId })));
  return found?.Users?.[0];
}

export type GroupChange = { readonly add?: readonly string[]; readonly remove?: readonly string[] };

/** Which users the group lets in, and which of them are on their way in or out. */
export async function readGroup(client: ElastiCacheClient, UserGroupId: string) {
  const { UserGroups = [] } = await ask(() => client.send(new DescribeUserGroupsCommand({ UserGroupId })));
  const { Status, UserIds = [], PendingChanges: pending } = UserGroups[0] ?? {};
  const moving = new Set([...(pending?.UserIdsToAdd ?? []), ...(pending?.UserIdsToRemove ?? [])]);
  return { isActive: Status === 'active', users: new Set(UserIds), moving };
}

/**
 * Resolves when the group is as `change` wants it on all nodes. One change is made at a time, whoever wants it: others are
 * waited for.
 */
export async function changeGroup(
  client: ElastiCacheClient,
  UserGroupId: string,
  { add = [], remove = [] }: GroupChange,
  pause: () => Promise<void>,
): Promise<void> {
  for (;;) {
    const { isActive, users, moving } = await readGroup(client, UserGroupId);
    const UserIdsToAdd = add.filter((id) => !users.has(id));
    const UserIdsToRemove = remove.filter((id) => users.has(id));
    const left = UserIdsToAdd.length + UserIdsToRemove.length > 0;
    if (!left && ![...add, ...remove].some((id) => moving.has(id))) return;
    if (left && isActive) {
      const change = {
        UserGroupId,
        ...(UserIdsToAdd.length > 0 && { UserIdsToAdd }),
        ...(UserIdsToRemove.length > 0 && { UserIdsToRemove }),
      };
      await unless(['InvalidUserGroupState'], () => client.send(new ModifyUserGroupCommand(change)));
    }
    await pause();
  }
}
