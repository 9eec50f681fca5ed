import type { StackCredentials } from '../stack-credentials';
import type { TenantNames } from './tenant-names';

/** An engine that tenants share, by whoever may make users in it. Both calls can be repeated. */
export type SharedStore = {
  /** The tenant's users and what is theirs; new passwords where they are there already, and their data stays. */
  ensure(names: TenantNames, credentials: StackCredentials, signal?: AbortSignal): Promise<void>;
  /** With all data of the tenant; also when it is gone already. */
  drop(names: TenantNames, signal?: AbortSignal): Promise<void>;
};

/** Asked each time: administrators' passwords are rotated. */
export type AdminUrl = () => Promise<string>;
