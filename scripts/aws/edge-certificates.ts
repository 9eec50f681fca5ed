import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type EdgeCertificates = {
  /** PEM of the authority: what API Gateway trusts. */
  readonly authority: string;
  /** PEM of what CloudFront shows, and of its key. */
  readonly certificate: string;
  readonly privateKey: string;
};

/** ACM warns nobody of an imported certificate's end; an alarm of ours does. A year and a month, as browsers allow servers. */
const clientDays = 397;
const authorityDays = 3_650;

/**
 * openssl and no package: whoever deploys has it, can look at the result with it, and needs it once a year.
 * The extensions come from a file, since LibreSSL's does not know `-addext` in every version.
 */
const extensions = `
[req]
distinguished_name = name
prompt = no
[name]
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`;

/**
 * An authority in `folder` (the one that is there already, if there is one) and a new certificate of it for CloudFront.
 * Files: ca.key, ca.pem, client.key, client.pem; keys for the owner alone.
 * @throws Error with what openssl says
 */
export function makeEdgeCertificates(folder: string, environment: string): EdgeCertificates {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = (name: string): string => join(folder, name);
  const config = file('openssl.cnf');
  writeFileSync(config, extensions);
  try {
    const authority = { key: file('ca.key'), certificate: file('ca.pem') };
    if (!existsSync(authority.certificate)) makeAuthority(authority, config, environment);
    const client = { key: file('client.key'), certificate: file('client.pem') };
    makeClient(client, authority, config, environment);
    const read = (path: string): string => readFileSync(path, 'utf8');
    return {
      authority: read(authority.certificate),
      certificate: read(client.certificate),
      privateKey: read(client.key),
    };
  } finally {
    rmSync(config);
  }
}

type Pair = { readonly key: string; readonly certificate: string };

function makeAuthority({ key, certificate }: Pair, config: string, environment: string): void {
  makeKey(key, 3_072);
  const subject = `/O=Kolate/CN=Kolate ${environment} edge authority`;
  openssl([
    ...['req', '-x509', '-new', '-sha256', '-key', key, '-subj', subject, '-days', String(authorityDays)],
    ...['-config', config, '-extensions', 'authority', '-set_serial', serial(), '-out', certificate],
  ]);
}

function makeClient({ key, certificate }: Pair, authority: Pair, config: string, environment: string): void {
  makeKey(key, 2_048);
  const subject = `/O=Kolate/CN=Kolate ${environment} CloudFront`;
  const request = `${certificate}.csr`;
  openssl(['req', '-new', '-sha256', '-key', key, '-subj', subject, '-config', config, '-out', request]);
  openssl([
    ...['x509', '-req', '-sha256', '-in', request, '-days', String(clientDays), '-set_serial', serial()],
    ...['-CA', authority.certificate, '-CAkey', authority.key],
    ...['-extfile', config, '-extensions', 'client', '-out', certificate],
  ]);
  rmSync(request);
}

function makeKey(path: string, bits: number): void {
  // Made for the owner alone before there is anything in it.
  writeFileSync(path, '', { mode: 0o600 });
  openssl(['genrsa', '-out', path, String(bits)]);
  chmodSync(path, 0o600);
}

/** Positive, 16 bytes: no two of an authority are the same. */
const serial = (): string => `0x7f${randomBytes(15).toString('hex')}`;

function openssl(args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('openssl', args, { encoding: 'utf8', timeout: 60_000 });
  if (error) throw new Error(`openssl could not be run: ${error.message}; expected OpenSSL or LibreSSL on the PATH`);
  if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr.trim()}`);
}
