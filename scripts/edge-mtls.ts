import { join } from 'node:path';
import { ACMClient, ImportCertificateCommand } from '@aws-sdk/client-acm';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { makeEdgeCertificates } from './aws/edge-certificates';
import { type EdgeAccount, installEdgeCertificates } from './aws/install-edge-certificates';
import { anyEnvironment, namedEnvironment } from './command/named-environment';
import { runScript, UsageError } from './command/run-script';

const usage = `npm run edge-mtls -- --env ${anyEnvironment} --bucket NAME … [--certificate-arn ARN] [--folder DIR] [--dry-run]
Makes what CloudFront proves itself with to API Gateway: an authority of your own, kept in the folder (.kolate-edge/ENVIRONMENT
unless said), and a certificate of it for 397 days. Puts the authority into the truststore of each region (output
TruststoreName of the storage stack) and the certificate into ACM of us-east-1.

  --bucket           the truststore of a region; twice where there are two
  --certificate-arn  replaces the certificate that is there: nothing has to be deployed
  --dry-run          writes the files and asks AWS nothing

Keep the folder to yourself, and out of any repository: who has ca.key can pass for CloudFront.
Example: npm run edge-mtls -- --env dev --bucket kolate-dev-storage-truststore1a2b3c4d`;

const options = {
  env: { type: 'string' },
  bucket: { type: 'string', multiple: true },
  'certificate-arn': { type: 'string' },
  folder: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
} as const;

const account: EdgeAccount = {
  async importCertificate({ certificate, privateKey, authority }, arn) {
    const acm = new ACMClient({ region: 'us-east-1' });
    const bytes = (text: string): Uint8Array => Buffer.from(text);
    const { CertificateArn } = await acm.send(
      new ImportCertificateCommand({
        ...{ Certificate: bytes(certificate), PrivateKey: bytes(privateKey), CertificateChain: bytes(authority) },
        ...(arn === undefined ? {} : { CertificateArn: arn }),
      }),
    );
    if (CertificateArn === undefined) throw new Error('ACM answered without the ARN of the certificate');
    return CertificateArn;
  },
  async putAuthority(Bucket, Key, Body) {
    const s3 = new S3Client({ followRegionRedirects: true });
    await s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'application/x-pem-file' }));
  },
};

runScript({ usage, options }, async (values) => {
  const { bucket: buckets = [], 'certificate-arn': certificateArn, 'dry-run': isDry } = values;
  const env = namedEnvironment(values.env);
  if (buckets.length === 0 && !isDry) {
    throw new UsageError(
      `--bucket is missing; expected the output TruststoreName of kolate-${env}-storage, or --dry-run`,
    );
  }
  // Before there are keys that nothing knows of.
  if (!isDry) await defaultProvider()();
  const { folder = join('.kolate-edge', env) } = values;
  const certificates = makeEdgeCertificates(folder, env);
  console.log(`${folder}: ca.pem, client.pem and their keys`);
  if (isDry) return 0;
  const arn = await installEdgeCertificates(account, { certificates, buckets, certificateArn });
  console.log(`ACM, us-east-1: ${arn}\nedge.originCertificateArn in lib/config/${env}.ts has to be this.`);
  return 0;
});
