import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { type CredentialSource, presignedQuery } from './presigned-query';

/** The longest that AWS takes them for. They are looked at on signing in alone; a session lives longer. */
const expiresInSeconds = 900;

/** Who this process is on AWS: its task's role, else what the SDK finds elsewhere. */
export const awsCredentials = (): CredentialSource => defaultProvider();

type Options = { readonly credentials: CredentialSource; readonly now?: () => Date };

const newDate = (): Date => new Date();

/** For Kafka's OAUTHBEARER on MSK's IAM listeners. @throws what `credentials` throws */
export async function mskToken(region: string, { credentials, now = newDate }: Options): Promise<string> {
  const host = `kafka.${region}.amazonaws.com`;
  const query = { Action: 'kafka-cluster:Connect' };
  const toSign = { host, service: 'kafka-cluster', region, query, expiresInSeconds };
  const url = `https://${presignedQuery(toSign, await credentials(), now())}&User-Agent=kolate`;
  return Buffer.from(url).toString('base64url');
}

/** A password of the database role `user`, which has to have `rds_iam`. @throws what `credentials` throws */
export async function rdsToken(
  server: { readonly host: string; readonly port: number; readonly region: string; readonly user: string },
  { credentials, now = newDate }: Options,
): Promise<string> {
  const { host, port, region, user } = server;
  const query = { Action: 'connect', DBUser: user };
  const toSign = { host: `${host}:${port}`, service: 'rds-db', region, query, expiresInSeconds };
  return presignedQuery(toSign, await credentials(), now());
}

/** A password of the ElastiCache user `user`, whose id is its name. @throws what `credentials` throws */
export async function elastiCacheToken(
  server: { readonly replicationGroupId: string; readonly region: string; readonly user: string },
  { credentials, now = newDate }: Options,
): Promise<string> {
  const { replicationGroupId, region, user } = server;
  const query = { Action: 'connect', User: user };
  const toSign = { host: replicationGroupId, service: 'elasticache', region, query, expiresInSeconds };
  return presignedQuery(toSign, await credentials(), now());
}
