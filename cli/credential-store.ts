import { join } from 'node:path';
import { changePrivateJson, readJsonFile } from './private-file';

export type TenantCredentials = {
  readonly id: string;
  readonly slug: string;
  readonly clientId: string;
  readonly clientSecret: string;
};

/** What `kolate login` keeps. Without a tenant id it is an operator's. */
export type LoginSession = {
  readonly clientId: string;
  readonly refreshToken?: string;
  readonly accessToken: string;
  /** Unix seconds. */
  readonly expiresAt: number;
  readonly tenantId?: string;
};

type Kept = {
  /** The tenant that commands act for when none is named. */
  readonly current?: string;
  readonly tenants: Readonly<Record<string, TenantCredentials>>;
  readonly session?: LoginSession;
};

type CachedToken = { readonly token: string; readonly expiresAt: number };

export type CredentialStore = {
  read(): Promise<Kept>;
  /** Keeps a tenant's client; the first one becomes the current tenant. */
  keepTenant(credentials: TenantCredentials): Promise<void>;
  forgetTenant(slug: string): Promise<void>;
  use(slug: string): Promise<void>;
  keepSession(session: LoginSession | undefined): Promise<void>;
  cachedToken(key: string): Promise<string | undefined>;
  /** `undefined` forgets it. */
  cacheToken(key: string, token: CachedToken | undefined): Promise<void>;
};

/** A token is not handed out in the last seconds of its life. */
const marginSeconds = 30;
const none: Kept = { tenants: {} };

/** The credentials and tokens that the command line keeps in `folder`, in files readable by the owner alone. */
export function createCredentialStore(folder: string, now: () => number = Date.now): CredentialStore {
  const file = join(folder, 'credentials.json');
  const tokenFile = join(folder, 'tokens.json');
  const read = async (): Promise<Kept> => (await readJsonFile<Kept>(file)) ?? none;
  const change = (edit: (kept: Kept) => Kept): Promise<void> =>
    changePrivateJson<Kept>(file, (kept) => edit(kept ?? none));
  const readTokens = async (): Promise<Record<string, CachedToken>> => (await readJsonFile(tokenFile)) ?? {};
  const seconds = (): number => now() / 1_000;
  return {
    read,
    keepTenant: (credentials) =>
      change((kept) => ({
        ...kept,
        current: kept.current ?? credentials.slug,
        tenants: { ...kept.tenants, [credentials.slug]: credentials },
      })),
    forgetTenant: (slug) =>
      change(({ current, tenants, ...kept }) => {
        const left = Object.fromEntries(Object.entries(tenants).filter(([name]) => name !== slug));
        const next = current === slug ? Object.keys(left)[0] : current;
        return { ...kept, tenants: left, ...(next ? { current: next } : {}) };
      }),
    use: (slug) => change((kept) => ({ ...kept, current: slug })),
    keepSession: (session) => change(({ session: _, ...kept }) => ({ ...kept, ...(session ? { session } : {}) })),
    async cachedToken(key) {
      const known = (await readTokens())[key];
      return known && known.expiresAt - marginSeconds > seconds() ? known.token : undefined;
    },
    async cacheToken(key, token) {
      await changePrivateJson<Record<string, CachedToken>>(tokenFile, (tokens) => {
        const live = Object.entries(tokens ?? {}).filter(
          ([name, { expiresAt }]) => name !== key && expiresAt > seconds(),
        );
        return Object.fromEntries(token ? [...live, [key, token]] : live);
      });
    },
  };
}
