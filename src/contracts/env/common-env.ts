import { Type } from '@sinclair/typebox';

/** Variables that several services share; each service's contract picks those that it reads. All are text and coerced. */
export const service = {
  KOLATE_LOG_LEVEL: Type.Union(
    ['trace', 'debug', 'info', 'warn', 'error'].map((level) => Type.Literal(level)),
    { default: 'info' },
  ),
  KOLATE_HOST: Type.String({ default: '127.0.0.1', description: 'address to listen on' }),
  KOLATE_PORT: Type.Integer({ minimum: 0, maximum: 65_535 }),
  KOLATE_DRAIN_TIMEOUT_MS: Type.Integer({ minimum: 100, default: 10_000 }),
  KOLATE_TRACES_ENDPOINT: Type.Optional(
    Type.String({ format: 'uri', description: 'of an OTLP/HTTP collector, without a path; absent: no spans' }),
  ),
  KOLATE_TRACES_RATIO: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.01,
    description: 'of the traces that begin here; one that comes in is recorded when its caller’s flag says so',
  }),
};

/** Of services whose metrics nobody fetches. */
export const telemetry = {
  KOLATE_METRICS_NAMESPACE: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9./_#:-]{1,255}$',
      description: 'of CloudWatch; with it, metrics of contracts/metrics are written to the log once a minute',
    }),
  ),
};

export const identity = {
  KOLATE_ISSUER_URL: Type.String({ format: 'uri', description: 'the `iss` of tokens; its JWKS is found by discovery' }),
};

/** Who keeps the OAuth clients of tenants. */
export const identityDirectory = {
  KOLATE_IDENTITY_DIRECTORY: Type.Union([Type.Literal('issuer'), Type.Literal('cognito')], {
    default: 'issuer',
    description: 'the issuer of one machine, or a user pool of Cognito; each needs its own two of the next four',
  }),
  KOLATE_IDENTITY_ADMIN_URL: Type.Optional(
    Type.String({ format: 'uri', description: 'administration of the issuer’s clients' }),
  ),
  KOLATE_IDENTITY_ADMIN_TOKEN: Type.Optional(Type.String({ minLength: 16 })),
  KOLATE_USER_POOL_ID: Type.Optional(Type.String({ pattern: '^[a-z0-9-]+_[A-Za-z0-9]+$' })),
  KOLATE_CLIENT_TABLE: Type.Optional(Type.String({ description: 'DynamoDB table of the clients of tenants' })),
};

export const postgres = {
  KOLATE_POSTGRES_URL: Type.String({
    description: 'postgresql://role:password@host:port/database of this service’s role; no password with IAM',
  }),
  KOLATE_POSTGRES_AUTH: Type.Union([Type.Literal('password'), Type.Literal('iam')], {
    default: 'password',
    description: '`iam`: an RDS token for each connection',
  }),
  KOLATE_POSTGRES_CA: Type.Optional(
    Type.String({ description: 'PEM file of authorities to trust as well; with it PostgreSQL is spoken to over TLS' }),
  ),
};

export const limits = {
  KOLATE_REDIS_URL: Type.Optional(
    Type.String({
      description:
        'redis://user:password@host:port that the limits of callers are kept in; absent where a gateway in front keeps them',
    }),
  ),
  KOLATE_REDIS_IAM: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9-]+/[a-z0-9-]+$',
      description: 'region/replication group: sign in with IAM tokens for it, not with the password of the URL',
    }),
  ),
};

export const kafka = {
  KOLATE_KAFKA_BROKERS: Type.Optional(Type.String({ description: 'host:port, joined by commas' })),
  KOLATE_KAFKA_CLUSTER_ARN: Type.Optional(
    Type.String({ description: 'MSK cluster to ask for its brokers where KOLATE_KAFKA_BROKERS is absent' }),
  ),
};

export const storage = {
  KOLATE_S3_ENDPOINT: Type.Optional(Type.String({ format: 'uri', description: 'absent on AWS' })),
  KOLATE_S3_REGION: Type.String({ default: 'us-east-1' }),
};

export const secrets = {
  KOLATE_SECRETS: Type.String({
    pattern: '^(aws:[\\w-]+(/[\\w-]+)*|files:.+)$',
    description: '`aws:FOLDER` for Secrets Manager, or `files:DIR` for a folder that the owner alone can read',
  }),
};
