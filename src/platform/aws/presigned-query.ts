import { createHash, createHmac } from 'node:crypto';

export type AwsCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

/** Asked for each signature: the role of a task has new credentials every few hours. */
export type CredentialSource = () => Promise<AwsCredentials>;

export type QueryToSign = {
  /** As in the Host header, with a port where it has one. */
  readonly host: string;
  /** Name under which IAM knows the service. */
  readonly service: string;
  readonly region: string;
  readonly query: Readonly<Record<string, string>>;
  readonly expiresInSeconds: number;
};

/**
 * `host/?query` with a signature (AWS Signature Version 4) that says who asks, which servers take for a password: of a
 * GET without a body and with no other header than the host.
 */
export function presignedQuery(toSign: QueryToSign, credentials: AwsCredentials, now: Date): string {
  const { host, service, region } = toSign;
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = [time.slice(0, 8), region, service, 'aws4_request'];
  const query = canonicalQuery({
    ...toSign.query,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': [credentials.accessKeyId, ...scope].join('/'),
    'X-Amz-Date': time,
    'X-Amz-Expires': String(toSign.expiresInSeconds),
    'X-Amz-SignedHeaders': 'host',
    ...(credentials.sessionToken === undefined ? {} : { 'X-Amz-Security-Token': credentials.sessionToken }),
  });
  const request = ['GET', '/', query, `host:${host}`, '', 'host', sha256('')].join('\n');
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(request)].join('\n');
  const key = scope.reduce<Buffer>(
    (secret, part) => hmac(secret, part),
    Buffer.from(`AWS4${credentials.secretAccessKey}`),
  );
  return `${host}/?${query}&X-Amz-Signature=${hmac(key, text).toString('hex')}`;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** RFC 3986's characters alone stay as they are, which `encodeURIComponent` takes for more. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

const canonicalQuery = (query: Readonly<Record<string, string>>): string =>
  Object.keys(query)
    .sort()
    .map((name) => `${encoded(name)}=${encoded(query[name] ?? '')}`)
    .join('&');
