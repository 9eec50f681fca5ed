import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DirectoryClient } from '../../src/platform/identity/identity-directory';
import { readPrivateJson, writePrivateJson } from './private-file';
import { generateSigningKey, type SigningKey } from './signing-keys';

/** `tenantId` and `tier` are absent for the operators' client. */
export type KeptClient = Omit<DirectoryClient, 'tenantId' | 'tier'> & {
  readonly tenantId?: string;
  readonly tier?: string;
  readonly secretHash: string;
};

export type IssuerState = {
  readonly cookieKeys: readonly string[];
  readonly keys: readonly SigningKey[];
  readonly clients: Readonly<Record<string, KeptClient>>;
};

export type StateStore = {
  readonly current: () => IssuerState;
  /** Applies `next` and writes the result to disk before it resolves; changes are made one after the other. */
  readonly change: (next: (state: IssuerState) => IssuerState | Promise<IssuerState>) => Promise<IssuerState>;
};

/** State of the issuer in `folder`/issuer.json: clients, signing keys, keys of its cookies. Tokens need no state. */
export async function openIssuerState(folder: string, now: () => number): Promise<StateStore> {
  const path = join(folder, 'issuer.json');
  const kept = await readPrivateJson(path);
  let state = isState(kept) ? kept : await freshState(now());
  if (state !== kept) await writePrivateJson(path, state);
  let last: Promise<unknown> = Promise.resolve();
  return {
    current: () => state,
    change(next) {
      const changed = last.then(async () => {
        const proposed = await next(state);
        if (proposed !== state) await writePrivateJson(path, proposed);
        state = proposed;
        return state;
      });
      last = changed.catch(() => undefined);
      return changed;
    },
  };
}

const freshState = async (now: number): Promise<IssuerState> => ({
  cookieKeys: [randomBytes(32).toString('base64url')],
  keys: [await generateSigningKey(now, randomUUID())],
  clients: {},
});

// The file is ours alone; this tells a damaged one from a good one, and does not look further.
const isState = (value: unknown): value is IssuerState =>
  typeof value === 'object' && value !== null && 'cookieKeys' in value && 'keys' in value && 'clients' in value;
