import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { type EdgeCertificates, makeEdgeCertificates } from '../../../scripts/aws/edge-certificates';
import { installEdgeCertificates } from '../../../scripts/aws/install-edge-certificates';

const folders = mkdtempSync(join(tmpdir(), 'edge-'));
let ours: EdgeCertificates;
let strangers: EdgeCertificates;
let server: Server;

/** As API Gateway's domain is: whoever comes shows a certificate of the truststore. */
beforeAll(async () => {
  ours = makeEdgeCertificates(join(folders, 'ours'), 'test');
  strangers = makeEdgeCertificates(join(folders, 'strangers'), 'test');
  server = createServer({
    ...{ key: strangers.privateKey, cert: strangers.certificate },
    ...{ ca: ours.authority, requestCert: true, rejectUnauthorized: true },
  });
  server.on('secureConnection', (socket) => socket.end(nameOf(socket)));
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folders, { recursive: true });
});

const nameOf = (socket: TLSSocket): string => String(socket.getPeerCertificate().subject.CN);

const turnedAway = 'turned away';

/** What the server says to a client that shows `shown`, after a handshake on loopback. */
const knock = (shown?: EdgeCertificates): Promise<string> =>
  new Promise((resolve) => {
    let said = '';
    const socket = connect({
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
      ...(shown && { key: shown.privateKey, cert: shown.certificate }),
      // Who the server is does not matter here.
      rejectUnauthorized: false,
      timeout: 5_000,
    });
    socket.on('data', (chunk) => {
      said += chunk.toString();
    });
    // Told by an alert or by a reset, whichever comes first: nothing is said in either case.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(said || turnedAway));
    socket.on('timeout', () => socket.destroy());
  });

describe('the certificate that CloudFront shows', () => {
  it('opens the door that its authority guards', async () => {
    await expect(knock(ours)).resolves.toBe('Kolate test CloudFront');
  });

  it('is the only one that does: none and another authority’s are turned away', async () => {
    await expect(knock()).resolves.toBe(turnedAway);
    await expect(knock(strangers)).resolves.toBe(turnedAway);
  });

  it('can be made anew with the same authority, and both open until the old one ends', async () => {
    const renewed = makeEdgeCertificates(join(folders, 'ours'), 'test');
    expect(renewed.authority).toBe(ours.authority);
    expect(renewed.certificate).not.toBe(ours.certificate);
    await expect(knock(renewed)).resolves.toBe('Kolate test CloudFront');
    await expect(knock(ours)).resolves.toBe('Kolate test CloudFront');
  });

  it('is for clients alone, for 397 days, with keys that ACM and API Gateway take', () => {
    const [client, authority] = [new X509Certificate(ours.certificate), new X509Certificate(ours.authority)];
    const days = (Date.parse(client.validTo) - Date.parse(client.validFrom)) / 86_400_000;
    expect(days).toBe(397);
    expect(client.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect([client.ca, authority.ca]).toEqual([false, true]);
    expect([client, authority].map(({ publicKey }) => publicKey.asymmetricKeyDetails?.modulusLength)).toEqual([
      2_048, 3_072,
    ]);
    expect(client.verify(authority.publicKey)).toBe(true);
  });

  it('leaves keys that the owner alone can read', () => {
    for (const key of ['ca.key', 'client.key']) {
      expect(statSync(join(folders, 'ours', key)).mode & 0o777).toBe(0o600);
      expect(readFileSync(join(folders, 'ours', key), 'utf8')).toContain('PRIVATE KEY');
    }
  });
});

describe('its installation', () => {
  it('puts the authority into every truststore before the certificate is to be seen', async () => {
    const calls: string[] = [];
    const account = {
      putAuthority: async (bucket: string, key: string, pem: string) => {
        calls.push(`${bucket}/${key} ${pem === ours.authority}`);
      },
      importCertificate: async ({ privateKey }: EdgeCertificates, arn: string | undefined) => {
        calls.push(`import ${privateKey === ours.privateKey} ${arn}`);
        return 'arn:new';
      },
    };
    const installation = { certificates: ours, buckets: ['east', 'west'], certificateArn: 'arn:old' };
    await expect(installEdgeCertificates(account, installation)).resolves.toBe('arn:new');
    expect(calls).toEqual(['east/origin-ca.pem true', 'west/origin-ca.pem true', 'import true arn:old']);
  });
});
