import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

const maxEntries = 20_000;

type Entry = { payload: AdapterPayload; expiresAt: number };

/**
 * oidc-provider's short-lived artefacts (codes, sign-ins under way, sessions, refresh tokens of people) in memory: after
 * a restart people sign in again. Bounded; the oldest goes first. Clients come from `findClient`.
 */
export function createMemoryAdapter(
  findClient: (clientId: string) => AdapterPayload | undefined,
  now: () => number,
): AdapterFactory {
  const entries = new Map<string, Entry>();
  const read = (key: string): AdapterPayload | undefined => {
    const entry = entries.get(key);
    if (entry && entry.expiresAt > now()) return entry.payload;
    entries.delete(key);
    return undefined;
  };
  const where = (model: string, matches: (payload: AdapterPayload) => boolean): string[] =>
    [...entries].filter(([key, { payload }]) => key.startsWith(`${model}:`) && matches(payload)).map(([key]) => key);
  const findBy = (model: string, matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined => {
    const key = where(model, matches)[0];
    return key === undefined ? undefined : read(key);
  };
  return (model): Adapter => ({
    async upsert(id, payload, expiresInSeconds) {
      const key = `${model}:${id}`;
      entries.delete(key);
      if (entries.size >= maxEntries) entries.delete(entries.keys().next().value as string);
      entries.set(key, {
        payload,
        expiresAt: expiresInSeconds === undefined ? Infinity : now() + expiresInSeconds * 1_000,
      });
    },
    find: async (id) => (model === 'Client' ? findClient(id) : read(`${model}:${id}`)),
    findByUid: async (uid) => findBy(model, (payload) => payload.uid === uid),
    findByUserCode: async (userCode) => findBy(model, (payload) => payload.userCode === userCode),
    async consume(id) {
      const payload = read(`${model}:${id}`);
      if (payload) payload.consumed = Math.floor(now() / 1_000);
    },
    async destroy(id) {
      entries.delete(`${model}:${id}`);
    },
    async revokeByGrantId(grantId) {
      for (const key of where(model, (payload) => payload.grantId === grantId)) entries.delete(key);
    },
  });
}
