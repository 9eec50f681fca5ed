import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IHealthCheck, IHostedZone } from 'aws-cdk-lib/aws-route53';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Environment } from '../../config/environment';
import { originName } from '../../config/platform-names';
import { RegionalRecord } from '../regional-record';

export type OriginDomainProps = {
  readonly stage: apigateway.Stage;
  readonly zone: IHostedZone;
  /** Of the region. */
  readonly certificate: ICertificate;
  /** Has the CA of CloudFront's certificate as `origin-ca.pem`; scripts/edge-mtls.ts puts it there. */
  readonly truststore: IBucket;
  readonly healthCheck: IHealthCheck | undefined;
  readonly environment: Pick<Environment, 'region' | 'peer' | 'edge'>;
};

/** What scripts/edge-mtls.ts writes. */
export const truststoreKey = 'origin-ca.pem';

/**
 * The name by which CloudFront reaches the API, the same in each region. Who does not show CloudFront's certificate
 * gets no further than the handshake.
 */
export class OriginDomain extends Construct {
  readonly name: string;

  constructor(scope: Construct, id: string, props: OriginDomainProps) {
    super(scope, id);
    const { zone, certificate, truststore, stage } = props;
    this.name = originName(zone.zoneName);
    const domain = new apigateway.DomainName(this, 'Name', {
      domainName: this.name,
      certificate,
      endpointType: apigateway.EndpointType.REGIONAL,
      securityPolicy: apigateway.SecurityPolicy.TLS_1_2,
      mtls: { bucket: truststore, key: truststoreKey },
    });
    domain.addApiMapping(stage);
    new RegionalRecord(this, 'Record', {
      ...{ zone, name: this.name, healthCheck: props.healthCheck, environment: props.environment },
      alias: { dnsName: domain.domainNameAliasDomainName, hostedZoneId: domain.domainNameAliasHostedZoneId },
    });
  }
}
