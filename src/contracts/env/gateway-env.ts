import { type Static, Type } from '@sinclair/typebox';
import { identity, service } from './common-env';

/** Of the gateway on one machine; API Gateway takes its place on AWS. */
export const GatewayEnv = Type.Object({
  ...service,
  ...identity,
  KOLATE_GRPC_PORT: Type.Integer({ minimum: 0, maximum: 65_535 }),
  KOLATE_REDIS_URL: Type.String(),
  KOLATE_ENTERPRISE_INFO_URL: Type.String({ format: 'uri' }),
  KOLATE_CORE_URL: Type.String({ format: 'uri' }),
  KOLATE_PREDICT_URL: Type.String({ format: 'uri' }),
  KOLATE_PREDICT_GRPC_ADDRESS: Type.String({ description: 'host:port' }),
  KOLATE_PREDICT_REGISTRY_URL: Type.String({ format: 'uri' }),
});
export type GatewayEnv = Static<typeof GatewayEnv>;
