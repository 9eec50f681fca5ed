import { Annotations, Duration, Validations } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { S3BucketOrigin, VpcOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import type { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { originName } from '../../config/platform-names';
import { MtlsOrigin } from './mtls-origin';
import { apiHeaders, consoleHeaders } from './response-headers';

export type FrontDoorProps = {
  readonly domain: string;
  readonly certificate: ICertificate;
  readonly webAcl: CfnWebACL;
  readonly console: IBucket;
  readonly accessLogs: IBucket;
  readonly vpcOrigin: cloudfront.IVpcOrigin;
  /** The name in the certificate of the load balancer behind `vpcOrigin`. */
  readonly vpcOriginHost: string;
  /** What CloudFront shows to API Gateway, in ACM of us-east-1. */
  readonly clientCertificateArn: string;
};

/** Where an address has no file with an ending the console's page answers, which has routes of its own. */
const toIndex = `function handler(event) {
  var request = event.request;
  if (!/\\.[A-Za-z0-9]+$/.test(request.uri)) request.uri = '/index.html';
  return request;
}`;

/** The API, WebSockets and the console under one distribution: what the public sees of the platform, gRPC apart. */
export class FrontDoor extends Construct {
  readonly distribution: cloudfront.Distribution;

  constructor(scope: Construct, id: string, props: FrontDoorProps) {
    super(scope, id);
    const { domain, certificate, webAcl, accessLogs } = props;
    const toApi = this.toApi(props);
    this.distribution = new cloudfront.Distribution(this, 'Distribution', {
      comment: `Kolate at ${domain}`,
      domainNames: [`api.${domain}`, `console.${domain}`],
      certificate,
      webAclId: webAcl.attrArn,
      minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
      httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
      enableLogging: true,
      logBucket: accessLogs,
      logFilePrefix: 'cloudfront/',
      defaultRootObject: 'index.html',
      defaultBehavior: this.toConsole(props),
      additionalBehaviors: { '/v1/*': toApi, '/v2': toApi, '/v2/*': toApi, '/ws/*': this.toSockets(props) },
    });
    this.explain();
  }

  private toApi({ domain, clientCertificateArn }: FrontDoorProps): cloudfront.BehaviorOptions {
    return {
      ...passedOn,
      origin: new MtlsOrigin(originName(domain), {
        clientCertificateArn,
        originId: 'api',
        protocolPolicy: cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
        originSslProtocols: [cloudfront.OriginSslPolicy.TLS_V1_2],
        // API Gateway gives up after 29 s.
        readTimeout: Duration.seconds(30),
      }),
      responseHeadersPolicy: apiHeaders(this, 'ApiHeaders'),
    };
  }

  private toSockets({ vpcOrigin, vpcOriginHost }: FrontDoorProps): cloudfront.BehaviorOptions {
    return {
      ...passedOn,
      origin: VpcOrigin.withVpcOrigin(vpcOrigin, {
        domainName: vpcOriginHost,
        originId: 'sockets',
        readTimeout: Duration.seconds(60),
        // Less than the load balancer's.
        keepaliveTimeout: Duration.seconds(50),
      }),
    };
  }

  private toConsole({ console, domain }: FrontDoorProps): cloudfront.BehaviorOptions {
    // As a stranger's: the bucket's own stack lets CloudFront read, and knows nothing of this distribution.
    const bucket = Bucket.fromBucketAttributes(this, 'Console', {
      bucketArn: console.bucketArn,
      bucketRegionalDomainName: console.bucketRegionalDomainName,
    });
    Annotations.of(this).acknowledgeWarning(
      '@aws-cdk/aws-cloudfront-origins:updateImportedBucketPolicyOac',
      'The storage stack lets CloudFront of this account read the bucket.',
    );
    return {
      origin: S3BucketOrigin.withOriginAccessControl(bucket, { originId: 'console' }),
      viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      cachePolicy: cloudfront.CachePolicy.CACHING_OPTIMIZED,
      compress: true,
      responseHeadersPolicy: consoleHeaders(this, 'ConsoleHeaders', domain),
      functionAssociations: [
        {
          eventType: cloudfront.FunctionEventType.VIEWER_REQUEST,
          function: new cloudfront.Function(this, 'ToIndex', {
            code: cloudfront.FunctionCode.fromInline(toIndex),
            runtime: cloudfront.FunctionRuntime.JS_2_0,
          }),
        },
      ],
    };
  }

  private explain(): void {
    const because = (id: string, reason: string) => Validations.of(this.distribution).acknowledge({ id, reason });
    because(
      'AwsSolutions-CFR1',
      'Tenants may be anywhere; edge.allowedCidrs narrows who may come where that is wanted.',
    );
    because(
      'cdk-validator-cfnguard::cloudfront_origin_failover_enabled_check',
      'Route 53 moves the API’s origin to the other region: an origin group would not try again what changes something.',
    );
    const seen = 'It does; the rule cannot read what comes from another stack.';
    because('cdk-validator-cfnguard::cloudfront_access_logs_enabled_check', seen);
    because('cdk-validator-cfnguard::cloudfront_custom_ssl_certificate_check', seen);
    because('cdk-validator-cfnguard::cloudfront_sni_enabled_check', seen);
  }
}

/** What is asked of a service: every method, nothing kept, all that the client sent but the name it asked for. */
const passedOn = {
  allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
  cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
  originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
  viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
};
