import { type Static, Type } from '@sinclair/typebox';
import { commonProblems, ListQuery, Page, strict, Timestamp, Uuid } from './common';
import { route } from './route';

export const Prediction = Type.Object({
  id: Uuid,
  model: Type.String(),
  version: Type.String(),
  requestId: Type.Optional(Type.String()),
  inputs: Type.Optional(Type.Unknown({ description: 'the tensors as sent, by the model’s setting recordInputs' })),
  inputsSha256: Type.Optional(Type.String()),
  outputs: Type.Unknown(),
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
