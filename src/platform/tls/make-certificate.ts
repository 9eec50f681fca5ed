import { isIPv4 } from 'node:net';

/** PEM, the key as PKCS #8. */
export type Certificate = { readonly certificate: string; readonly key: string };

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const validDays = 3_650;
const day = 86_400_000;

/**
 * A certificate that signs itself, for servers whose clients are handed it and believe no other.
 * @param hosts names in the DNS, or addresses of IPv4
 */
export async function makeCertificate(hosts: readonly string[], now = new Date()): Promise<Certificate> {
  // Loaded when a certificate is made: on one machine nobody needs any.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    // A common name has room for 64 characters only: clients look at the alternative name.
    name: 'CN=kolate',
    keys,
    signingAlgorithm: algorithm,
    // Clocks differ.
    notBefore: new Date(now.getTime() - day),
    notAfter: new Date(now.getTime() + validDays * day),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: isIPv4(value) ? ('ip' as const) : ('dns' as const), value })),
      ),
    ],
  });
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certificate: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
}
