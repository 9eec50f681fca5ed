/** Waits for all works, even when one fails. @throws what failed first */
export type SideBySide = (works: readonly Promise<unknown>[]) => Promise<void>;

/**
 * At the first failure of any work `failed` is called, once, so that what is still starting can be ended; when all of it
 * has come to its end the failure is thrown, and nothing goes on behind the caller's back.
 */
export function createSideBySide(failed: () => void): SideBySide {
  let first: { readonly error: unknown } | undefined;
  return async (works) => {
    await Promise.all(
      works.map((work) =>
        work.catch((error: unknown) => {
          if (first) return;
          first = { error };
          failed();
        }),
      ),
    );
    if (first) throw first.error;
  };
}
