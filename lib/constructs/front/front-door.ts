import { Annotations, Duration, Validations } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { OriginGroup, S3BucketOrigin, VpcOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import type { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { originName } from '../../config/platform-names';
import { MtlsOrigin } from './mtls-origin';
import { apiHeaders, consoleHeaders } from './response-headers';
import type { StandbyOrigins } from './standby-origins';

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
  /** Of the second region, where there is one. */
  readonly standby: StandbyOrigins | undefined;
};

/** Six seconds until the other region is asked. The default, three times ten, is longer than people wait. */
const quickly = { connectionAttempts: 2, connectionTimeout: Duration.seconds(3) };

/** Where an address has no file with an ending the console's page answers, which has routes of its own. */
const toIndex = `function handler(event) {
  var request = event.request;
  if (!/\\.[A-Za-z0-9]+$/.test(request.uri)) request.uri = '/index.html';
  return request;
}`;

/**
 * The API, WebSockets and the console under one distribution: what the public sees of the platform, gRPC apart. Where there is a
 * second region, WebSockets and the console have origins there, which CloudFront asks for what the first does not answer; the
 * API has one name in both, which Route 53 moves, as a request that changes something is not to be sent twice.
 */
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
    this.explain(props.standby !== undefined);
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

  private toSockets({ vpcOrigin, vpcOriginHost, standby }: FrontDoorProps): cloudfront.BehaviorOptions {
    const way = (originId: string, origin: cloudfront.IVpcOrigin, domainName: string) =>
      VpcOrigin.withVpcOrigin(origin, {
        ...quickly,
        ...{ domainName, originId, readTimeout: Duration.seconds(60) },
        // Less than the load balancer's.
        keepaliveTimeout: Duration.seconds(50),
      });
    const primaryOrigin = way('sockets', vpcOrigin, vpcOriginHost);
    return {
      ...passedOn,
      // A WebSocket begins as a GET. CloudFront takes no others where there are two origins.
      allowedMethods: cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
      origin: standby
        ? new OriginGroup({
            primaryOrigin,
            fallbackOrigin: way('sockets-standby', standby.vpcOrigin, standby.vpcOriginHost),
            // What CloudFront itself makes of a region that is away. A service's own failure is no reason to go where data are older.
            fallbackStatusCodes: [503, 504],
          })
        : primaryOrigin,
    };
  }

  private toConsole({ console, domain, standby }: FrontDoorProps): cloudfront.BehaviorOptions {
    // As a stranger's: the bucket's own stack lets CloudFront read, and knows nothing of this distribution.
    const bucket = Bucket.fromBucketAttributes(this, 'Console', {
      bucketArn: console.bucketArn,
      bucketRegionalDomainName: console.bucketRegionalDomainName,
    });
    Annotations.of(this).acknowledgeWarning(
      '@aws-cdk/aws-cloudfront-origins:updateImportedBucketPolicyOac',
      'The storage stack lets CloudFront of this account read the bucket, and so does the standby’s.',
    );
    const filesOf = (originId: string, files: IBucket) =>
      S3BucketOrigin.withOriginAccessControl(files, { ...quickly, originId });
    const primaryOrigin = filesOf('console', bucket);
    return {
      origin: standby
        ? new OriginGroup({ primaryOrigin, fallbackOrigin: filesOf('console-standby', standby.console) })
        : primaryOrigin,
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

  private explain(hasStandby: boolean): void {
    const because = (id: string, reason: string) => Validations.of(this.distribution).acknowledge({ id, reason });
    because(
      'AwsSolutions-CFR1',
      'Tenants may be anywhere; edge.allowedCidrs narrows who may come where that is wanted.',
    );
    if (!hasStandby) {
      const id = 'cdk-validator-cfnguard::cloudfront_origin_failover_enabled_check';
      because(id, 'This environment has no second region to go to.');
    }
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
