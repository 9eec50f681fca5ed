import type { TSchema } from '@sinclair/typebox';
import type { Scope } from '../scopes';

export type ServiceName = 'enterprise-info' | 'core' | 'predict' | 'predict-registry';
export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * One HTTP operation as data. The service registers it, the gateway and API Gateway route by it, OpenAPI prints it.
 * `path` has OpenAPI's form: `/v1/tenants/{tenantId}`.
 */
export type Route = {
  readonly operationId: string;
  readonly summary: string;
  readonly service: ServiceName;
  readonly method: HttpMethod;
  readonly path: string;
  /** All are needed. Empty with `public: true` only. */
  readonly scopes: readonly Scope[];
  /** Answers without a token: health and metadata of the protocol. */
  readonly public?: boolean;
  /** Takes an `Idempotency-Key`. */
  readonly idempotent?: boolean;
  /** Needs an `If-Match`: 428 without, 412 when stale. */
  readonly conditional?: boolean;
  readonly throttle: 'control' | 'inference' | 'none';
  /** The body is the protocol's own (binary tensors, gzip): passed on as it is and validated by the service alone. */
  readonly opaqueBody?: boolean;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  readonly responses: Readonly<Record<number, TSchema>>;
};

/** Keeps the literal types of a route, so that `Static<typeof createTenant.body>` is the body's type. */
export const route = <const R extends Route>(definition: R): R => definition;
