import type { TSchema } from '@sinclair/typebox';
import * as common from './common';
import * as inference from './inference';
import * as models from './models';
import * as operations from './operations';
import * as predictions from './predictions';
import type { Route } from './route';
import * as tenants from './tenants';

type Json = { readonly [member: string]: unknown };

/** Schemas that a module exports under a name stand once, in `components`. */
const named = new Map<unknown, string>(
  [common, tenants, operations, models, predictions, inference].flatMap((module) =>
    Object.entries<unknown>(module)
      .filter(([name, value]) => /^[A-Z]/.test(name) && isObjectSchema(value))
      .map(([name, value]) => [value, name] as const),
  ),
);

function isObjectSchema(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'object';
}

/** The routes as an OpenAPI 3.1 document: https://spec.openapis.org/oas/v3.1.1 */
export function toOpenApi(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes)
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  return {
    openapi: '3.1.1',
    info: {
      title: 'Kolate',
      version: '1.0.0',
      description:
        'Tenants, their models and their predictions. Errors are RFC 9457 problem details with a stable `code`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(tagOf))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries([...named].map(([schema, name]) => [name, inlined(schema)])),
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT (RFC 9068)' } },
      headers: limitHeaders,
    },
  };
}

const tagOf = ({ path }: Route): string => (path.startsWith('/v2') ? 'inference' : (path.split('/')[2] ?? 'other'));

const operation = (route: Route): Json => ({
  operationId: route.operationId,
  summary: route.summary,
  tags: [tagOf(route)],
  // OpenAPI 3.1 lets the scopes of a bearer token stand here.
  security: route.public ? [] : [{ token: route.scopes }],
  parameters: [
    ...parametersOf(route.params, 'path'),
    ...parametersOf(route.query, 'query'),
    ...headerParameters(route),
  ],
  ...(route.body && { requestBody: { required: true, content: bodyContent(route, route.body) } }),
  responses: responsesOf(route),
});

const parametersOf = (schema: TSchema | undefined, where: 'path' | 'query'): Json[] =>
  Object.entries<TSchema>(schema?.properties ?? {}).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || [schema?.required ?? []].flat().includes(name),
    schema: withRefs(property),
  }));

const header = (name: string, required: boolean, description: string): Json => ({
  ...{ name, in: 'header', required, description },
  schema: { type: 'string', minLength: 1, maxLength: 255 },
});

const headerParameters = ({ idempotent, conditional }: Route): Json[] => [
  ...(idempotent
    ? [header('Idempotency-Key', false, 'The same key and request get the same answer for 24 hours')]
    : []),
  ...(conditional ? [header('If-Match', true, 'The ETag of the version that is to be changed')] : []),
];

const bodyContent = ({ opaqueBody }: Route, body: TSchema): Json => ({
  'application/json': { schema: withRefs(body) },
  // The protocol's binary tensor extension: JSON, then the tensors' bytes.
  ...(opaqueBody && { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }),
});

/** What the gateway can answer in front of any service, beside what the route declares. */
function responsesOf(route: Route): Json {
  const refused = route.path.startsWith('/v2') ? inference.ProtocolError : common.Problem;
  const before = [
    ...(route.public ? [] : [401, 403, 429]),
    ...(route.body ? [400, 413, ...(route.opaqueBody ? [] : [415, 422])] : []),
    ...[503, 504],
  ];
  const all: Record<number, TSchema> = {
    ...Object.fromEntries(before.map((status) => [status, refused])),
    ...route.responses,
  };
  return Object.fromEntries(Object.entries(all).map(([status, schema]) => [status, response(Number(status), schema)]));
}

const response = (status: number, schema: TSchema): Json => ({
  description: descriptions[status] ?? 'The answer',
  ...(status === 429 && {
    headers: Object.fromEntries(Object.keys(limitHeaders).map((name) => [name, ref('headers', name)])),
  }),
  ...(schema.type !== 'null' && { content: { [mediaTypeOf(schema)]: { schema: withRefs(schema) } } }),
});

const mediaTypeOf = (schema: TSchema): string =>
  schema === common.Problem ? 'application/problem+json' : 'application/json';
const ref = (part: 'headers' | 'schemas', name: string): Json => ({ $ref: `#/components/${part}/${name}` });

/** A schema as plain JSON, with a reference wherever a named one stands. TypeBox's symbols go. */
const withRefs = (value: unknown): unknown => {
  const name = named.get(value);
  return name === undefined ? inlined(value) : ref('schemas', name);
};

function inlined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withRefs);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '$id')
      .map(([key, member]) => [key, withRefs(member)]),
  );
}

const count = (description: string): Json => ({ description, schema: { type: 'integer', minimum: 0 } });
const limitHeaders: Readonly<Record<string, Json>> = {
  'RateLimit-Limit': count('Calls that may be made at once (draft-ietf-httpapi-ratelimit-headers-06)'),
  'RateLimit-Remaining': count('Calls that are left now'),
  'RateLimit-Reset': count('Seconds until all are there again'),
  'Retry-After': count('Seconds to wait'),
};

const descriptions: Readonly<Record<number, string>> = {
  200: 'Done',
  201: 'Created',
  202: 'Accepted; the operation goes on',
  204: 'Done, nothing to say',
  400: 'Not well-formed',
  401: 'No valid access token',
  403: 'A scope or role is missing, or the tenant is not active',
  404: 'There is no such thing',
  409: 'The current state does not allow it',
  412: 'It has changed since it was read',
  413: 'The body is too large',
  415: 'The media type is not supported',
  422: 'It does not fit the schema',
  428: 'If-Match is needed',
  429: 'The rate limit or the daily quota is reached',
  503: 'Something that this needs is not available; try again',
  504: 'It took too long',
};
