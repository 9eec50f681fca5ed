import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnCertificate, CfnCertificateAuthority, CfnCertificateAuthorityActivation } from 'aws-cdk-lib/aws-acmpca';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct, type IDependable } from 'constructs';

export type MeshAuthorityProps = {
  /** Encrypts the private keys of certificates. */
  readonly key: IKey;
  /** As whom ECS asks for certificates. */
  readonly role: IRole;
  readonly environmentName: string;
};

/** What Service Connect needs for TLS, and what has to be there before. */
export type MeshTls = {
  readonly authorityArn: string;
  readonly key: IKey;
  readonly role: IRole;
  readonly ready: IDependable;
};

/** A private authority for certificates of a week, which Service Connect asks for and renews: 50 USD a month. */
export class MeshAuthority extends Construct {
  readonly tls: MeshTls;

  constructor(scope: Construct, id: string, { key, role, environmentName }: MeshAuthorityProps) {
    super(scope, id);
    const authority = new CfnCertificateAuthority(this, 'Authority', {
      type: 'ROOT',
      usageMode: 'SHORT_LIVED_CERTIFICATE',
      keyAlgorithm: 'EC_prime256v1',
      signingAlgorithm: 'SHA256WITHECDSA',
      subject: { commonName: `kolate-${environmentName} services` },
      // ECS finds by it the authorities that it may use.
      tags: [{ key: 'AmazonECSManaged', value: 'true' }],
    });
    const certificate = new CfnCertificate(this, 'Root', {
      certificateAuthorityArn: authority.attrArn,
      certificateSigningRequest: authority.attrCertificateSigningRequest,
      signingAlgorithm: 'SHA256WITHECDSA',
      templateArn: 'arn:aws:acm-pca:::template/RootCACertificate/V1',
      validity: { type: 'YEARS', value: 10 },
    });
    const ready = new CfnCertificateAuthorityActivation(this, 'Activation', {
      certificateAuthorityArn: authority.attrArn,
      certificate: certificate.attrCertificate,
      status: 'ACTIVE',
    });
    // Nothing is lost with it: certificates live for days, and a new authority signs new ones at the next deployment.
    for (const each of [authority, certificate, ready]) each.applyRemovalPolicy(RemovalPolicy.DESTROY);
    key.grant(role, 'kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKeyPair');
    this.tls = { authorityArn: authority.attrArn, key, role, ready };
  }
}
