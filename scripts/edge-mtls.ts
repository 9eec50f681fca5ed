import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ACMClient, ImportCertificateCommand } from '@aws-sdk/client-acm';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { makeEdgeCertificates } from './aws/edge-certificates';
import { type EdgeAccount, installEdgeCertificates } from './aws/install-edge-certificates';

const usage = `npm run edge-mtls -- --env NAME --bucket NAME [--bucket NAME] [--certificate-arn ARN] [--folder DIR] [--dry-run]
Makes what CloudFront proves itself with to API Gateway: an authority of your own, kept in the folder (.kolate-edge/NAME
unless said), and a certificate of it for 397 days. Puts the authority into the truststore of each region (output
TruststoreName of the storage stack) and the certificate into ACM of us-east-1.

  --certificate-arn  replaces the certificate that is there: nothing has to be deployed
  --dry-run          writes the files and asks AWS nothing

Keep the folder to yourself, and out of any repository: who has ca.key can pass for CloudFront.`;

const { values } = parseArgs({
  options: {
    env: { type: 'string' },
    bucket: { type: 'string', multiple: true, default: [] },
    'certificate-arn': { type: 'string' },
    folder: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

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

async function main(): Promise<void> {
  const { env, bucket: buckets, folder = join('.kolate-edge', env ?? '') } = values;
  if (values.help || env === undefined || (buckets.length === 0 && !values['dry-run'])) {
    console.log(usage);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const certificates = makeEdgeCertificates(folder, env);
  console.log(`${folder}: ca.pem, client.pem and their keys`);
  if (values['dry-run']) return;
  const certificateArn = values['certificate-arn'];
  const arn = await installEdgeCertificates(account, { certificates, buckets, certificateArn });
  console.log(`ACM, us-east-1: ${arn}\nedge.originCertificateArn in lib/config/${env}.ts has to be this.`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
