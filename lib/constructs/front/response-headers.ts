import { Duration } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import type { Construct } from 'constructs';

const { HeadersFrameOption, HeadersReferrerPolicy, ResponseHeadersPolicy } = cloudfront;

const common: cloudfront.ResponseSecurityHeadersBehavior = {
  contentTypeOptions: { override: true },
  frameOptions: { frameOption: HeadersFrameOption.DENY, override: true },
  referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.NO_REFERRER, override: true },
  strictTransportSecurity: { accessControlMaxAge: Duration.days(730), includeSubdomains: true, override: true },
};

/** Of answers that no browser renders. */
export const apiHeaders = (scope: Construct, id: string): cloudfront.ResponseHeadersPolicy =>
  new ResponseHeadersPolicy(scope, id, {
    comment: 'Answers of the API',
    securityHeadersBehavior: {
      ...common,
      contentSecurityPolicy: { contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'", override: true },
    },
  });

/** Of the console, which runs no script but its own and talks to the API and to whoever signs people in. */
export function consoleHeaders(scope: Construct, id: string, domain: string): cloudfront.ResponseHeadersPolicy {
  const policy = [
    "default-src 'self'",
    `connect-src 'self' https://api.${domain} wss://api.${domain} https://*.amazonaws.com https://*.amazoncognito.com`,
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
  return new ResponseHeadersPolicy(scope, id, {
    comment: 'The console',
    securityHeadersBehavior: {
      ...common,
      contentSecurityPolicy: { contentSecurityPolicy: policy, override: true },
    },
  });
}
