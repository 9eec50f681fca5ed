import { type Static, Type } from '@sinclair/typebox';
import {
  identity,
  identityDirectory,
  kafka,
  limits,
  postgres,
  secrets,
  service,
  storage,
  telemetry,
} from './common-env';
import { tenantDriver } from './tenant-driver-env';

export const EnterpriseInfoEnv = Type.Object({
  ...service,
  ...telemetry,
  ...identity,
  ...postgres,
  ...kafka,
  ...limits,
  ...storage,
  ...secrets,
  ...tenantDriver,
  ...identityDirectory,
  KOLATE_EXPORTS_BUCKET: Type.String(),
  KOLATE_MODELS_BUCKET: Type.String(),
  KOLATE_CURSOR_KEYS: Type.String({
    minLength: 32,
    description: 'keys of the cursors of lists, parted by commas: the first signs, all are believed',
  }),
});
export type EnterpriseInfoEnv = Static<typeof EnterpriseInfoEnv>;
