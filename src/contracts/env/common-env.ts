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
};

export const identity = {
  KOLATE_ISSUER_URL: Type.String({ format: 'uri', description: 'the `iss` of tokens; its JWKS is found by discovery' }),
};

export const postgres = {
  KOLATE_POSTGRES_URL: Type.String({
    description: 'postgresql://role:password@host:port/database of this service’s role',
  }),
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
    pattern: '^(aws|files:.+)$',
    description: '`aws` for Secrets Manager, or `files:DIR` for a folder that the owner alone can read',
  }),
};
