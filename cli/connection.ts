import { access, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Endpoints } from '../src/contracts/home';
import { homeFiles } from '../src/contracts/home';
import { cliClientId } from '../src/contracts/identity-admin';
import { apiAudience } from '../src/contracts/scopes';
import { isUserPool } from '../src/platform/identity/token-rules';
import { unreachable, usageError } from './cli-error';
import { type CredentialStore, createCredentialStore } from './credential-store';
import { readJsonFile } from './private-file';
import type { OauthClient } from './tokens';

/** Options of every command; each has an environment variable beside it. */
export type GlobalOptions = {
  readonly output?: 'json' | 'table';
  readonly home?: string;
  readonly env?: string;
  readonly url?: string;
  readonly issuer?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly tenant?: string;
};
/** Of our own issuer. */
const ourIssuer = { scopePrefix: '', loginClientId: cliClientId };
/** Of a user pool of which nothing else is known: who may read its stacks learns more by --env. */
const someUserPool = { scopePrefix: `${apiAudience}/`, loginClientId: undefined };

export type Env = Readonly<Record<string, string | undefined>>;

/** Where the platform is, and whose credentials are at hand. */
export type Connection = {
  readonly url: string;
  readonly issuer: string;
  /** A client given by flags or environment; it stands for whoever the command needs. */
  readonly client: OauthClient | undefined;
  /** The operator's client of a platform on this machine, or of one in an account whose secrets may be read. */
  readonly operator: (() => Promise<OauthClient>) | undefined;
  /** What the issuer wants before each of our scopes; mostly nothing. */
  readonly scopePrefix: string;
  /** The public client that people log in with; undefined where nobody has told it. */
  readonly loginClientId: string | undefined;
  readonly store: CredentialStore;
};

/** The clone this file belongs to, whether it runs bundled in `dist/` or as it is. */
async function cloneRoot(): Promise<string> {
  for (const up of ['..', '../..']) {
    const root = resolve(__dirname, up);
    const found = await access(join(root, 'package-lock.json')).then(
      () => true,
      () => false,
    );
    if (found) return root;
  }
  return process.cwd();
}

/** The home folder: `--home`, else KOLATE_HOME, else `.kolate` in the clone. */
export const homeOf = async (options: GlobalOptions, env: Env): Promise<string> =>
  resolve(options.home ?? env.KOLATE_HOME ?? join(await cloneRoot(), '.kolate'));

/** @throws CliError unavailable when nothing runs on this home */
export async function readEndpoints(home: string): Promise<Endpoints> {
  const endpoints = await readJsonFile<Endpoints>(join(home, homeFiles.endpoints));
  if (endpoints) return endpoints;
  throw unreachable(`nothing runs on the home ${home}`, 'start it with npm start, or name another with --home');
}

/** From flags, else the environment, else the home's `endpoints.json`. @throws CliError */
export async function connect(options: GlobalOptions, env: Env): Promise<Connection> {
  const url = options.url ?? env.KOLATE_URL;
  const client = clientOf(options, env);
  if (url) return { ...remote(url, options.issuer ?? env.KOLATE_ISSUER, env), client };
  const environment = options.env ?? env.KOLATE_ENV;
  if (environment) return { ...(await deployed(environment, env)), client };
  const home = await homeOf(options, env);
  const endpoints = await readEndpoints(home);
  return {
    url: endpoints.gateway,
    issuer: endpoints.issuer,
    client,
    operator: async () => ({
      clientId: endpoints.operator.clientId,
      clientSecret: (await readFile(endpoints.operator.secretFile, 'utf8')).trim(),
    }),
    ...ourIssuer,
    store: createCredentialStore(join(home, homeFiles.cli)),
  };
}

function remote(url: string, issuer: string | undefined, env: Env): Omit<Connection, 'client'> {
  if (!URL.canParse(url)) throw usageError(`--url is not a URL: ${url}`);
  if (!issuer) throw usageError('--url needs --issuer beside it (or KOLATE_ISSUER)');
  if (!URL.canParse(issuer)) throw usageError(`--issuer is not a URL: ${issuer}`);
  const kind = isUserPool(issuer) ? someUserPool : ourIssuer;
  return { url, issuer, operator: undefined, ...kind, store: storeFor(url, env) };
}

async function deployed(environment: string, env: Env): Promise<Omit<Connection, 'client'>> {
  const { readDeployment, readOperator } = await import('./deployed');
  const deployment = await readDeployment(environment);
  const { url, issuer, scopePrefix, loginClientId } = deployment;
  const operator = () => readOperator(deployment, environment);
  return { url, issuer, scopePrefix, loginClientId, operator, store: storeFor(url, env) };
}

/** Credentials of a platform elsewhere are kept by its name. */
function storeFor(url: string, env: Env): CredentialStore {
  const config = env.XDG_CONFIG_HOME || join(homedir(), '.config');
  return createCredentialStore(join(config, 'kolate', encodeURIComponent(new URL(url).host)));
}

function clientOf(options: GlobalOptions, env: Env): OauthClient | undefined {
  const clientId = options.clientId ?? env.KOLATE_CLIENT_ID;
  const clientSecret = options.clientSecret ?? env.KOLATE_CLIENT_SECRET;
  if (clientId && clientSecret) return { clientId, clientSecret };
  if (clientId || clientSecret) throw usageError('--client-id and --client-secret go together');
  return undefined;
}
