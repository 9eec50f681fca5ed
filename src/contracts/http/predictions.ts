import { type Static, Type } from '@sinclair/typebox';
import { commonProblems, ListQuery, Page, strict, Timestamp, Uuid } from './common';
import { route } from './route';

/**
 * Stands in a record for tensors whose JSON is too large for it. `sha256`, hex: for each tensor in the order of the model's signature
 * the JSON array of name, datatype and shape, then its elements as the protocol's binary extension writes them.
 */
export const OmittedTensors = Type.Object({ omitted: Type.Literal('too-large'), sha256: Type.String() }, strict);
export type OmittedTensors = Static<typeof OmittedTensors>;

/** Bytes of the JSON of all inputs, and of all outputs, that a record holds; more would not fit into a message of a topic. */
export const maxRecordedBytes = 200 * 1024;

const instead = `; where their JSON has more than ${maxRecordedBytes / 1024} KiB, {"omitted":"too-large","sha256":…} instead`;

export const Prediction = Type.Object({
  id: Uuid,
  model: Type.String(),
  version: Type.String(),
  requestId: Type.Optional(Type.String()),
  inputs: Type.Optional(
    Type.Unknown({ description: `the tensors as sent, by the model’s setting recordInputs${instead}` }),
  ),
  inputsSha256: Type.Optional(Type.String()),
  outputs: Type.Unknown({ description: `the tensors as answered${instead}` }),
  rows: Type.Integer(),
  latencyMs: Type.Number(),
  at: Timestamp,
});
export type Prediction = Static<typeof Prediction>;

const common = {
  service: 'predict-registry',
  throttle: 'control',
  method: 'GET',
  scopes: ['predictions:read'],
} as const;

export const listPredictions = route({
  ...common,
  operationId: 'listPredictions',
  summary: 'List predictions, newest first; filter by model, version',
  path: '/v1/predictions',
  query: ListQuery,
  responses: { 200: Page(Prediction), ...commonProblems },
});

export const getPrediction = route({
  ...common,
  operationId: 'getPrediction',
  summary: 'Show a prediction; it is there once its record has been stored',
  path: '/v1/predictions/{predictionId}',
  params: Type.Object({ predictionId: Uuid }, strict),
  responses: { 200: Prediction, ...commonProblems },
});
