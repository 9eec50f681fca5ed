import { Type } from '@sinclair/typebox';
import { strict, Uuid } from '../http/common';
import { ModelSignature, Rejection } from '../http/models';
import { Prediction } from '../http/predictions';
import { topics } from '../topics';
import { event } from './event';

const model = { tenantId: Uuid, model: Type.String() };
const version = { ...model, version: Type.String() };
const modelEvent = <P extends Parameters<typeof Type.Object>[0]>(type: string, properties: P) =>
  event(type, topics.modelLifecycle, Type.Object(properties, strict));

export const modelCreated = modelEvent('model.created', model);
export const modelUpdated = modelEvent('model.updated', model);
export const modelDeleted = modelEvent('model.deleted', model);
export const modelVersionReady = modelEvent('model.version_ready', { ...version, signature: ModelSignature });
export const modelVersionRejected = modelEvent('model.version_rejected', { ...version, rejection: Rejection });
export const modelVersionDeleted = modelEvent('model.version_deleted', version);
export const modelAliasMoved = modelEvent('model.alias_moved', { ...version, alias: Type.String() });
export const modelAliasDeleted = modelEvent('model.alias_deleted', { ...model, alias: Type.String() });

export const predictionCompleted = event(
  'prediction.completed',
  topics.predictionLifecycle,
  Type.Object({ ...Prediction.properties, tenantId: Uuid }, strict),
);
