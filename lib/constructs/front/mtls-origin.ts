import type { CfnDistribution } from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin, type HttpOriginProps } from 'aws-cdk-lib/aws-cloudfront-origins';

export type MtlsOriginProps = HttpOriginProps & {
  /** In ACM of us-east-1: what CloudFront shows to the origin. */
  readonly clientCertificateArn: string;
};

/** An origin over TLS that wants to see a certificate of CloudFront's too. The CDK's own has no word for it. */
export class MtlsOrigin extends HttpOrigin {
  private readonly clientCertificateArn: string;

  constructor(domainName: string, { clientCertificateArn, ...props }: MtlsOriginProps) {
    super(domainName, props);
    this.clientCertificateArn = clientCertificateArn;
  }

  protected override renderCustomOriginConfig(): CfnDistribution.CustomOriginConfigProperty | undefined {
    const config = super.renderCustomOriginConfig();
    const { clientCertificateArn } = this;
    return config && { ...config, originMtlsConfig: { clientCertificateArn } };
  }
}
