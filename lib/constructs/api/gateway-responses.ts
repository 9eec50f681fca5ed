import { GatewayResponse, type IRestApi, ResponseType } from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import { type ErrorCode, errorCodes } from '../../../src/contracts/errors';

type Refusal = {
  readonly code: ErrorCode;
  readonly detail?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** What API Gateway says by itself, as one of our errors. The rest of its answers come from the services. */
const refusals: Readonly<Record<string, Refusal>> = {
  ACCESS_DENIED: { code: 'KLT_SCOPE_MISSING', detail: 'the token does not allow this' },
  API_CONFIGURATION_ERROR: { code: 'KLT_INTERNAL' },
  AUTHORIZER_CONFIGURATION_ERROR: { code: 'KLT_INTERNAL' },
  AUTHORIZER_FAILURE: { code: 'KLT_DEPENDENCY_UNAVAILABLE', detail: 'tokens cannot be checked now' },
  BAD_REQUEST_BODY: {
    code: 'KLT_REQUEST_INVALID',
    detail: 'the body is no JSON or does not fit the schema; the header kolate-invalid says where',
    // A header, since the text has quotes that would break the JSON of a body.
    headers: { 'kolate-invalid': 'context.error.validationErrorString' },
  },
  BAD_REQUEST_PARAMETERS: { code: 'KLT_REQUEST_INVALID' },
  DEFAULT_4XX: { code: 'KLT_BODY_MALFORMED' },
  DEFAULT_5XX: { code: 'KLT_INTERNAL' },
  EXPIRED_TOKEN: { code: 'KLT_TOKEN_INVALID' },
  INTEGRATION_FAILURE: { code: 'KLT_DEPENDENCY_UNAVAILABLE', detail: 'the service cannot be reached' },
  INTEGRATION_TIMEOUT: { code: 'KLT_DEADLINE_EXCEEDED', detail: 'the service did not answer within 29 s' },
  INVALID_API_KEY: { code: 'KLT_INTERNAL' },
  INVALID_SIGNATURE: { code: 'KLT_TOKEN_INVALID' },
  // API Gateway's word for a path or method that it does not have.
  MISSING_AUTHENTICATION_TOKEN: { code: 'KLT_ROUTE_UNKNOWN', detail: 'there is no such path, or not with this method' },
  QUOTA_EXCEEDED: { code: 'KLT_QUOTA_EXHAUSTED' },
  REQUEST_TOO_LARGE: { code: 'KLT_BODY_TOO_LARGE', detail: 'the body is larger than 10 MB' },
  RESOURCE_NOT_FOUND: { code: 'KLT_ROUTE_UNKNOWN' },
  THROTTLED: { code: 'KLT_RATE_LIMITED', detail: 'too much comes in from all callers together; wait a second' },
  UNAUTHORIZED: { code: 'KLT_TOKEN_INVALID', detail: 'send a valid access token as Authorization: Bearer …' },
  UNSUPPORTED_MEDIA_TYPE: { code: 'KLT_MEDIA_TYPE_UNSUPPORTED' },
  WAF_FILTERED: { code: 'KLT_RATE_LIMITED' },
};

/** Problem details with the protocol's `error` beside them, whatever goes wrong before a service is asked. */
export class GatewayResponses extends Construct {
  constructor(scope: Construct, id: string, { api }: { readonly api: IRestApi }) {
    super(scope, id);
    for (const [type, refusal] of Object.entries(refusals)) {
      const { status, retryable } = errorCodes[refusal.code];
      new GatewayResponse(this, type, {
        restApi: api,
        type: ResponseType.of(type),
        statusCode: String(status),
        responseHeaders: {
          'Content-Type': "'application/problem+json'",
          ...(retryable && { 'Retry-After': "'1'" }),
          ...(status === 401 && { 'WWW-Authenticate': "'Bearer'" }),
          ...refusal.headers,
        },
        templates: { 'application/json': problemTemplate(refusal) },
      });
    }
  }
}

/** JSON with one variable of API Gateway's in it, which comes with its quotes. */
function problemTemplate({ code, detail }: Refusal): string {
  const { status, title } = errorCodes[code];
  const text = detail === undefined ? '$context.error.messageString' : JSON.stringify(detail);
  const fixed = JSON.stringify({
    ...{ type: `https://kolate.dev/errors/${code}`, title, status, code },
    instance: 'urn:request:$context.requestId',
  });
  return `${fixed.slice(0, -1)},"detail":${text},"error":${text}}`;
}
