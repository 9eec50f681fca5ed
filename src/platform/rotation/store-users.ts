import { setMongoPassword, tryMongo } from './mongo-users';
import { setPostgresPassword, tryPostgres } from './postgres-users';
import { setRedisPassword, tryRedis } from './redis-users';
import type { StoreSecret } from './store-secret';

/** Users of one kind of store. */
export type StoreUsers = {
  /**
   * Gives `user` the password, and the rights of `like` if it is new; may be repeated.
   * @param by who is let in and may do that: an administrator, or the user itself
   */
  setPassword(by: StoreSecret, user: NewPassword): Promise<void>;
  /** Resolves when the store lets this user in. */
  tryOut(secret: StoreSecret): Promise<void>;
};
export type NewPassword = { readonly username: string; readonly password: string; readonly like: string };

export const storeUsers: Readonly<Record<StoreSecret['engine'], StoreUsers>> = {
  postgres: { setPassword: setPostgresPassword, tryOut: tryPostgres },
  mongo: { setPassword: setMongoPassword, tryOut: tryMongo },
  redis: { setPassword: setRedisPassword, tryOut: tryRedis },
};
