import { Type } from '@sinclair/typebox';
import { strict } from './common';
import { type HttpMethod, type Route, route } from './route';

/** Errors of the Open Inference Protocol: clients read `error` alone; the rest are our problem details. */
export const ProtocolError = Type.Object({ error: Type.String() }, { additionalProperties: true });

/** Whether a path is the protocol's, where errors have its shape. */
export const isProtocolPath = (path: string): boolean => path === '/v2' || path.startsWith('/v2/');

const Tensor = Type.Object(
  {
    name: Type.String(),
    datatype: Type.String(),
    shape: Type.Array(Type.Integer()),
    data: Type.Optional(Type.Unknown()),
    parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { additionalProperties: true },
);
export const InferRequest = Type.Object(
  {
    id: Type.Optional(Type.String()),
    inputs: Type.Array(Tensor),
    outputs: Type.Optional(Type.Array(Type.Object({ name: Type.String() }, { additionalProperties: true }))),
    parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { additionalProperties: true },
);
export const InferResponse = Type.Object({
  model_name: Type.String(),
  model_version: Type.Optional(Type.String()),
  id: Type.Optional(Type.String()),
  outputs: Type.Array(Tensor),
  parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
export const ModelMetadata = Type.Object({
  name: Type.String(),
  versions: Type.Array(Type.String()),
  platform: Type.String(),
  inputs: Type.Array(Tensor),
  outputs: Type.Array(Tensor),
});

const protocolErrors = {
  400: ProtocolError,
  401: ProtocolError,
  403: ProtocolError,
  404: ProtocolError,
  413: ProtocolError,
  429: ProtocolError,
  503: ProtocolError,
} as const;

const Ref = Type.Object({ model: Type.String() }, strict);
const VersionRef = Type.Object({ model: Type.String(), version: Type.String() }, strict);

const get = <const R extends Partial<Route>>(definition: R) => ({
  service: 'predict' as const,
  method: 'GET' as HttpMethod,
  scopes: [],
  public: true,
  throttle: 'none' as const,
  ...definition,
});

export const serverMetadata = route({
  ...get({}),
  operationId: 'serverMetadata',
  summary: 'Name, version and extensions of the server',
  path: '/v2',
  responses: {
    200: Type.Object({ name: Type.String(), version: Type.String(), extensions: Type.Array(Type.String()) }),
  },
});
export const serverLive = route({
  ...get({}),
  operationId: 'serverLive',
  summary: 'Whether the server is alive',
  path: '/v2/health/live',
  responses: { 200: Type.Object({ live: Type.Boolean() }) },
});
export const serverReady = route({
  ...get({}),
  operationId: 'serverReady',
  summary: 'Whether the server takes requests',
  path: '/v2/health/ready',
  responses: { 200: Type.Object({ ready: Type.Boolean() }), 503: Type.Object({ ready: Type.Boolean() }) },
});

const ofModel = { ...get({}), public: false, scopes: ['models:read'], throttle: 'control' } as const;
const Ready = Type.Object({ name: Type.String(), ready: Type.Boolean() });

export const modelMetadata = route({
  ...ofModel,
  operationId: 'modelMetadata',
  summary:
    'Inputs and outputs of a model (of the version that its alias `default` points to, else the newest ready one)',
  path: '/v2/models/{model}',
  params: Ref,
  responses: { 200: ModelMetadata, ...protocolErrors },
});
export const modelVersionMetadata = route({
  ...ofModel,
  operationId: 'modelVersionMetadata',
  summary: 'Inputs and outputs of a version; an alias may stand for the version',
  path: '/v2/models/{model}/versions/{version}',
  params: VersionRef,
  responses: { 200: ModelMetadata, ...protocolErrors },
});
export const modelReady = route({
  ...ofModel,
  operationId: 'modelReady',
  summary: 'Whether a model can be asked',
  path: '/v2/models/{model}/ready',
  params: Ref,
  responses: { 200: Ready, ...protocolErrors },
});
export const modelVersionReady = route({
  ...ofModel,
  operationId: 'modelVersionReady',
  summary: 'Whether a version can be asked',
  path: '/v2/models/{model}/versions/{version}/ready',
  params: VersionRef,
  responses: { 200: Ready, ...protocolErrors },
});

const infers = {
  service: 'predict',
  method: 'POST',
  scopes: ['predictions:write'],
  throttle: 'inference',
  opaqueBody: true,
  body: InferRequest,
  responses: { 200: InferResponse, ...protocolErrors },
} as const;

export const modelInfer = route({
  ...infers,
  operationId: 'modelInfer',
  summary: 'Predict',
  path: '/v2/models/{model}/infer',
  params: Ref,
});
export const modelVersionInfer = route({
  ...infers,
  operationId: 'modelVersionInfer',
  summary: 'Predict with a version or an alias',
  path: '/v2/models/{model}/versions/{version}/infer',
  params: VersionRef,
});
