import { KolateError } from '../../contracts/errors';
import { awsCredentials, rdsToken } from '../aws/iam-tokens';
import type { CredentialSource } from '../aws/presigned-query';
import type { PostgresOptions } from './create-postgres';

export type PostgresEnv = {
  readonly KOLATE_POSTGRES_URL: string;
  readonly KOLATE_POSTGRES_AUTH: 'password' | 'iam';
  readonly KOLATE_POSTGRES_CA?: string;
};

export type PostgresAccess = Required<Pick<PostgresOptions, 'url' | 'tls'>> & Pick<PostgresOptions, 'password'>;

/**
 * How to come into the core database as the environment says: with the password in the URL, or with an IAM token that is
 * made for each connection and TLS. RDS ends no connection when its token is no longer good.
 * @throws KolateError KLT_CONFIG_INVALID when it is to be IAM, and the URL is none of RDS or no certificates are named
 */
export function postgresAccess(env: PostgresEnv, credentials: () => CredentialSource = awsCredentials): PostgresAccess {
  const url = env.KOLATE_POSTGRES_URL;
  if (env.KOLATE_POSTGRES_AUTH === 'password') return { url, tls: env.KOLATE_POSTGRES_CA !== undefined };
  if (env.KOLATE_POSTGRES_CA === undefined) {
    throw new KolateError(
      'KLT_CONFIG_INVALID',
      'KOLATE_POSTGRES_AUTH=iam needs KOLATE_POSTGRES_CA: RDS’s certificates',
    );
  }
  const { hostname: host, port, username } = new URL(url);
  const server = { host, port: Number(port || 5432), user: decodeURIComponent(username), region: regionOf(host) };
  const source = credentials();
  const current = () => rdsToken(server, { credentials: source });
  return { url, tls: true, password: { current, renew: async () => undefined } };
}

/** name.cluster-….region.rds.amazonaws.com */
function regionOf(host: string): string {
  const region = /\.([a-z0-9-]+)\.rds\.amazonaws\.com(\.cn)?$/.exec(host)?.[1];
  if (region) return region;
  throw new KolateError('KLT_CONFIG_INVALID', 'KOLATE_POSTGRES_AUTH=iam needs the address of an RDS cluster');
}
