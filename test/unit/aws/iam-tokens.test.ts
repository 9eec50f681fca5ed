import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { elastiCacheToken, mskToken, rdsToken } from '../../../src/platform/aws/iam-tokens';

const now = new Date('2026-03-05T17:08:09.123Z');
const asUser = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const asTask = { ...asUser, sessionToken: "IQoJb3JpZ2luX2VjE/+=&'()*!~ with signs" };
const optionsOf = (credentials: typeof asUser) => ({ credentials: async () => credentials, now: () => now });

/** As AWS' signer wants its hashes. */
class Sha256 {
  private readonly hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(bytes: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(bytesOf(bytes));
  }
  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }
  reset(): void {}
}

function bytesOf(source: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof source === 'string') return Buffer.from(source);
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}

/** What AWS' own signer makes of the same request. */
async function signedByAws(service: string, host: string, query: Record<string, string>, credentials: typeof asUser) {
  const [hostname = '', port] = host.split(':');
  const signer = new SignatureV4({
    service,
    region: 'eu-central-1',
    credentials,
    sha256: Sha256,
    applyChecksum: false,
  });
  const request = { method: 'GET', protocol: 'https:', hostname, path: '/', headers: { host }, query };
  const signed = await signer.presign(
    { ...request, ...(port === undefined ? {} : { port: Number(port) }) },
    { expiresIn: 900, signingDate: now },
  );
  return Object.fromEntries(Object.entries(signed.query ?? {}).map(([name, value]) => [name, String(value)]));
}

const queryOf = (url: string) => Object.fromEntries(new URL(url).searchParams);

describe.each([
  ['a user', asUser],
  ['a task, whose credentials have a token', asTask],
])('the signature of %s', (_who, credentials) => {
  const options = optionsOf(credentials);

  it('is the one that AWS makes for MSK, in an address of base64 without padding', async () => {
    const token = await mskToken('eu-central-1', options);
    expect(token).toMatch(/^[\w-]+$/);
    const url = Buffer.from(token, 'base64url').toString();
    const { 'User-Agent': agent, ...signed } = queryOf(url);
    expect(new URL(url).host).toBe('kafka.eu-central-1.amazonaws.com');
    expect(agent).toBe('kolate');
    const host = 'kafka.eu-central-1.amazonaws.com';
    const query = { Action: 'kafka-cluster:Connect' };
    expect(signed).toEqual(await signedByAws('kafka-cluster', host, query, credentials));
  });

  it('is the one that AWS makes for a database role, with the port that is signed in to', async () => {
    const server = { host: 'core.cluster-1.eu-central-1.rds.amazonaws.com', port: 5433, region: 'eu-central-1' };
    const token = await rdsToken({ ...server, user: 'enterprise_info' }, options);
    expect(token.startsWith(`${server.host}:5433/?`)).toBe(true);
    const query = { Action: 'connect', DBUser: 'enterprise_info' };
    expect(queryOf(`https://${token}`)).toEqual(await signedByAws('rds-db', `${server.host}:5433`, query, credentials));
  });

  it('is the one that AWS makes for a user of ElastiCache', async () => {
    const token = await elastiCacheToken(
      { replicationGroupId: 'kolate-dev', region: 'eu-central-1', user: 'platform' },
      options,
    );
    const query = { Action: 'connect', User: 'platform' };
    expect(queryOf(`http://${token}`)).toEqual(await signedByAws('elasticache', 'kolate-dev', query, credentials));
  });
});
