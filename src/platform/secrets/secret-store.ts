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
  /**
   * As `delete`, for good: nobody reads it any more, and where the store can bring it back it does until then.
   * @returns when it is gone for ever (ISO 8601); undefined when there is none
   */
  retire(name: string): Promise<string | undefined>;
};
