/**
 * Where secrets are kept. Names are paths of `a-z A-Z 0-9 _ . -` parts joined by `/`; values are text of up to 64 KiB.
 * All throw KolateError KLT_DEPENDENCY_UNAVAILABLE when the store does not answer.
 */
export type SecretStore = {
  /** May be up to a minute old. @throws KLT_SECRET_NOT_FOUND */
  get(name: string): Promise<string>;
  /** As it is now, past any cache: for whoever was just refused with what `get` had answered. @throws KLT_SECRET_NOT_FOUND */
  refresh(name: string): Promise<string>;
  /** Creates or replaces. */
  put(name: string, value: string): Promise<void>;
  /** Also when it is gone already. */
  delete(name: string): Promise<void>;
};
