import { type Static, Type } from '@sinclair/typebox';
import { identity, kafka, limits, postgres, secrets, service, storage, telemetry } from './common-env';

const common = {
  ...service,
  ...telemetry,
  ...identity,
  ...postgres,
  ...kafka,
  ...limits,
  ...storage,
  ...secrets,
  KOLATE_MODELS_BUCKET: Type.String(),
};

/** Of the serving process. */
export const PredictEnv = Type.Object({
  ...common,
  KOLATE_GRPC_PORT: Type.Integer({ minimum: 0, maximum: 65_535 }),
  KOLATE_MODEL_CACHE_BYTES: Type.Integer({ minimum: 1_048_576, default: 536_870_912 }),
  KOLATE_INFER_DEADLINE_MS: Type.Integer({ minimum: 10, default: 10_000 }),
  KOLATE_QUARANTINE_FILE: Type.String({ description: 'where the watchdog writes what it took out of service' }),
});
export type PredictEnv = Static<typeof PredictEnv>;

/** Of the registry process. */
export const PredictRegistryEnv = Type.Object({
  ...common,
  KOLATE_CURSOR_KEYS: Type.String({
    minLength: 32,
    description: 'keys of the cursors of lists, parted by commas: the first signs, all are believed',
  }),
});
export type PredictRegistryEnv = Static<typeof PredictRegistryEnv>;
