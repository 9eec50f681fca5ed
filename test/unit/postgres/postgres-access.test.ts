import { postgresAccess } from '../../../src/platform/postgres/postgres-access';

const url = 'postgresql://core@kolate.cluster-1.eu-central-1.rds.amazonaws.com:5433/kolate';
const credentials = () => async () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' });
const iam = { KOLATE_POSTGRES_AUTH: 'iam', KOLATE_POSTGRES_CA: '/rds.pem' } as const;

it('comes in with the password of the URL, over TLS where authorities are named', () => {
  const env = {
    KOLATE_POSTGRES_URL: 'postgresql://core:secret@127.0.0.1:5432/kolate',
    KOLATE_POSTGRES_AUTH: 'password',
  };
  expect(postgresAccess({ ...env, KOLATE_POSTGRES_AUTH: 'password' })).toEqual({
    url: env.KOLATE_POSTGRES_URL,
    tls: false,
  });
  expect(postgresAccess({ ...env, ...iam, KOLATE_POSTGRES_AUTH: 'password' }).tls).toBe(true);
});

it('comes in with a token for its role, host and port, signed for the region of the cluster', async () => {
  const { tls, password } = postgresAccess({ KOLATE_POSTGRES_URL: url, ...iam }, credentials);
  expect(tls).toBe(true);
  const token = new URL(`https://${await password?.current('core')}`);
  expect(token.host).toBe('kolate.cluster-1.eu-central-1.rds.amazonaws.com:5433');
  expect(token.searchParams.get('DBUser')).toBe('core');
  expect(token.searchParams.get('X-Amz-Credential')).toContain('/eu-central-1/rds-db/aws4_request');
});

it.each([
  ['certificates', { KOLATE_POSTGRES_URL: url, KOLATE_POSTGRES_AUTH: 'iam' as const }],
  ['a cluster of RDS', { KOLATE_POSTGRES_URL: 'postgresql://core@127.0.0.1:5432/kolate', ...iam }],
])('refuses IAM without %s', (_what, env) => {
  expect(() => postgresAccess(env, credentials)).toThrow(/KOLATE_POSTGRES_AUTH=iam needs/);
});
