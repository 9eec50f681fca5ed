import { type Static, Type } from '@sinclair/typebox';
import { commonProblems, ListQuery, Page, Problem, strict, Timestamp } from './common';
import { route } from './route';

/** Upper bound of a model file, in bytes. */
export const maxModelBytes = 100 * 1024 * 1024;

export const versionStates = ['awaiting-upload', 'validating', 'ready', 'rejected'] as const;
export type VersionState = (typeof versionStates)[number];

export const recordings = ['required', 'best-effort'] as const;
export const inputRecordings = ['full', 'hash', 'none'] as const;

export const ModelName = Type.String({
  pattern: '^[a-z][a-z0-9._-]{0,62}$',
  description: '1 to 63 of a-z, 0-9, ".", "_" and "-", starting with a letter',
});
export const VersionName = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$',
  description: '1 to 63 of letters, digits, ".", "_" and "-", starting with a letter or digit',
});
export const AliasName = Type.String({
  pattern: '^[a-z][a-z0-9-]{0,30}$',
  description: '1 to 31 of a-z, 0-9 and "-", starting with a letter',
});
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the file, hex' });

/** No schema defaults here: they would be filled into a PATCH and undo what was set before. */
export const ModelSettings = Type.Object(
  {
    refuseNaN: Type.Optional(Type.Boolean({ description: 'false unless set' })),
    maxRows: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, description: '10,000 unless set' })),
    recordInputs: Type.Optional(Type.Union(inputRecordings.map((v) => Type.Literal(v)))),
    recording: Type.Optional(Type.Union(recordings.map((v) => Type.Literal(v)))),
  },
  strict,
);
export type ModelSettings = Static<typeof ModelSettings>;
export const defaultModelSettings = {
  refuseNaN: false,
  maxRows: 10_000,
  recordInputs: 'full',
  recording: 'best-effort',
} as const satisfies Required<ModelSettings>;

export const TensorSignature = Type.Object({
  name: Type.String(),
  datatype: Type.String({ description: 'of the Open Inference Protocol: FP32, INT64, BYTES …' }),
  shape: Type.Array(Type.Integer({ description: '-1 where any size will do' })),
  servable: Type.Optional(
    Type.Boolean({ description: 'false for sequences and maps, which the protocol cannot carry' }),
  ),
  unranked: Type.Optional(
    Type.Boolean({ description: 'true where the file declares no shape: shape is then [-1], and any rank will do' }),
  ),
});
export type TensorSignature = Static<typeof TensorSignature>;

export const ModelSignature = Type.Object({
  inputs: Type.Array(TensorSignature),
  outputs: Type.Array(TensorSignature),
  batchable: Type.Optional(
    Type.Boolean({ description: 'whether rows of several requests can be run together: seen in the trial run' }),
  ),
});
export type ModelSignature = Static<typeof ModelSignature>;

export const lanes = ['fast', 'contained'] as const;
export type Lane = (typeof lanes)[number];

export const Rejection = Type.Object({
  code: Type.String(),
  detail: Type.String(),
  hint: Type.Optional(Type.String()),
});
export type Rejection = Static<typeof Rejection>;

export const Model = Type.Object({
  name: ModelName,
  description: Type.String(),
  settings: ModelSettings,
  aliases: Type.Record(Type.String(), Type.String(), { description: 'alias → version' }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Model = Static<typeof Model>;

export const ModelVersion = Type.Object({
  model: ModelName,
  version: VersionName,
  state: Type.Union(versionStates.map((state) => Type.Literal(state))),
  sha256: Sha256,
  sizeBytes: Type.Integer(),
  lane: Type.Optional(Type.Union(lanes.map((lane) => Type.Literal(lane)))),
  signature: Type.Optional(ModelSignature),
  rejection: Type.Optional(Rejection),
  createdAt: Timestamp,
  readyAt: Type.Optional(Timestamp),
});
export type ModelVersion = Static<typeof ModelVersion>;

export const CreateModel = Type.Object(
  {
    name: ModelName,
    description: Type.Optional(Type.String({ maxLength: 500 })),
    settings: Type.Optional(ModelSettings),
  },
  strict,
);
export type CreateModel = Static<typeof CreateModel>;

export const UpdateModel = Type.Object(
  { description: Type.Optional(Type.String({ maxLength: 500 })), settings: Type.Optional(ModelSettings) },
  { ...strict, minProperties: 1 },
);
export type UpdateModel = Static<typeof UpdateModel>;

export const CreateVersion = Type.Object(
  {
    version: Type.Optional(VersionName),
    sha256: Sha256,
    sizeBytes: Type.Integer({ minimum: 1, maximum: maxModelBytes }),
  },
  strict,
);
export type CreateVersion = Static<typeof CreateVersion>;

/** Where and how to upload: PUT the bytes to `url` with exactly `headers`, before `expiresAt`. */
export const UploadGrant = Type.Object({
  model: ModelName,
  version: VersionName,
  state: Type.Literal('awaiting-upload'),
  upload: Type.Object({
    method: Type.Literal('PUT'),
    url: Type.String(),
    headers: Type.Record(Type.String(), Type.String()),
    expiresAt: Timestamp,
  }),
});
export type UploadGrant = Static<typeof UploadGrant>;

export const MoveAlias = Type.Object({ version: VersionName }, strict);
export type MoveAlias = Static<typeof MoveAlias>;
export const Alias = Type.Object({
  alias: AliasName,
  model: ModelName,
  version: VersionName,
  movedAt: Timestamp,
  history: Type.Array(Type.Object({ version: VersionName, movedAt: Timestamp, movedBy: Type.String() })),
});
export type Alias = Static<typeof Alias>;

const ModelParams = Type.Object({ model: ModelName }, strict);
const VersionParams = Type.Object({ model: ModelName, version: VersionName }, strict);
const AliasParams = Type.Object({ model: ModelName, alias: AliasName }, strict);
const Empty = Type.Null();

const common = { service: 'predict-registry', throttle: 'control' } as const;
const reads = { ...common, scopes: ['models:read'] } as const;
const writes = { ...common, scopes: ['models:write'] } as const;

export const createModel = route({
  ...writes,
  operationId: 'createModel',
  summary: 'Register a model',
  method: 'POST',
  path: '/v1/models',
  idempotent: true,
  body: CreateModel,
  responses: { 201: Model, 409: Problem, ...commonProblems },
});
export const listModels = route({
  ...reads,
  operationId: 'listModels',
  summary: 'List models; filter and sort by name, createdAt',
  method: 'GET',
  path: '/v1/models',
  query: ListQuery,
  responses: { 200: Page(Model), ...commonProblems },
});
export const getModel = route({
  ...reads,
  operationId: 'getModel',
  summary: 'Show a model with its aliases',
  method: 'GET',
  path: '/v1/models/{model}',
  params: ModelParams,
  responses: { 200: Model, ...commonProblems },
});
export const updateModel = route({
  ...writes,
  operationId: 'updateModel',
  summary: 'Change description or settings',
  method: 'PATCH',
  path: '/v1/models/{model}',
  params: ModelParams,
  body: UpdateModel,
  responses: { 200: Model, ...commonProblems },
});
export const deleteModel = route({
  ...writes,
  operationId: 'deleteModel',
  summary: 'Delete a model with its versions, aliases and files; its predictions stay',
  method: 'DELETE',
  path: '/v1/models/{model}',
  params: ModelParams,
  responses: { 204: Empty, ...commonProblems },
});
export const createVersion = route({
  ...writes,
  operationId: 'createModelVersion',
  summary: 'Announce a version; answers where to upload its file',
  method: 'POST',
  path: '/v1/models/{model}/versions',
  idempotent: true,
  params: ModelParams,
  body: CreateVersion,
  responses: { 201: UploadGrant, 409: Problem, ...commonProblems },
});
export const listVersions = route({
  ...reads,
  operationId: 'listModelVersions',
  summary: 'List the versions of a model; filter by state',
  method: 'GET',
  path: '/v1/models/{model}/versions',
  params: ModelParams,
  query: ListQuery,
  responses: { 200: Page(ModelVersion), ...commonProblems },
});
export const getVersion = route({
  ...reads,
  operationId: 'getModelVersion',
  summary: 'Show a version with its state, signature or rejection',
  method: 'GET',
  path: '/v1/models/{model}/versions/{version}',
  params: VersionParams,
  responses: { 200: ModelVersion, ...commonProblems },
});
export const completeVersion = route({
  ...writes,
  operationId: 'completeModelVersion',
  summary: 'Say that the upload is done; the file is checked and validated',
  method: 'POST',
  path: '/v1/models/{model}/versions/{version}/complete',
  idempotent: true,
  params: VersionParams,
  responses: { 202: ModelVersion, 409: Problem, ...commonProblems },
});
export const deleteVersion = route({
  ...writes,
  operationId: 'deleteModelVersion',
  summary: 'Delete a version that no alias points to',
  method: 'DELETE',
  path: '/v1/models/{model}/versions/{version}',
  params: VersionParams,
  responses: { 204: Empty, 409: Problem, ...commonProblems },
});
export const moveAlias = route({
  ...writes,
  operationId: 'moveModelAlias',
  summary: 'Point an alias to a ready version; served everywhere within a second',
  method: 'PUT',
  path: '/v1/models/{model}/aliases/{alias}',
  params: AliasParams,
  body: MoveAlias,
  responses: { 200: Alias, 409: Problem, ...commonProblems },
});
export const getAlias = route({
  ...reads,
  operationId: 'getModelAlias',
  summary: 'Show an alias with its history',
  method: 'GET',
  path: '/v1/models/{model}/aliases/{alias}',
  params: AliasParams,
  responses: { 200: Alias, ...commonProblems },
});
export const deleteAlias = route({
  ...writes,
  operationId: 'deleteModelAlias',
  summary: 'Remove an alias',
  method: 'DELETE',
  path: '/v1/models/{model}/aliases/{alias}',
  params: AliasParams,
  responses: { 204: Empty, ...commonProblems },
});
