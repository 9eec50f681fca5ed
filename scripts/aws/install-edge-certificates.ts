import type { EdgeCertificates } from './edge-certificates';

/** What is needed of AWS. */
export type EdgeAccount = {
  /** Into ACM of us-east-1, in place of `arn` where there is one. @returns its ARN */
  readonly importCertificate: (certificates: EdgeCertificates, arn: string | undefined) => Promise<string>;
  readonly putAuthority: (bucket: string, key: string, pem: string) => Promise<void>;
};

export type Installation = {
  readonly certificates: EdgeCertificates;
  /** Of the truststores of all regions. */
  readonly buckets: readonly string[];
  readonly certificateArn: string | undefined;
};

/** As the domain of API Gateway asks for it. */
const truststoreKey = 'origin-ca.pem';

/**
 * The authority goes first: a certificate that API Gateway does not know yet would shut CloudFront out.
 * @returns the ARN for `edge.originCertificateArn`
 */
export async function installEdgeCertificates(account: EdgeAccount, installation: Installation): Promise<string> {
  const { certificates, buckets, certificateArn } = installation;
  for (const bucket of buckets) await account.putAuthority(bucket, truststoreKey, certificates.authority);
  return account.importCertificate(certificates, certificateArn);
}
