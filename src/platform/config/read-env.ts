import type { Static, TObject } from '@sinclair/typebox';
import { KolateError } from '../../contracts/errors';
import { fieldErrors, textAjv } from './validators';

/**
 * The variables that `schema` declares, coerced, with defaults; nothing else of the environment.
 * @throws KolateError KLT_CONFIG_INVALID naming every variable at fault, never a value (it may be a secret)
 */
export function readEnv<S extends TObject>(schema: S, env: Readonly<Record<string, string | undefined>>): Static<S> {
  const picked: Record<string, unknown> = {};
  for (const name of Object.keys(schema.properties)) if (env[name]) picked[name] = env[name];
  const validate = textAjv.compile<Static<S>>(schema);
  if (validate(picked)) return picked;
  const faults = fieldErrors(validate.errors).map(({ pointer, detail }) => `${pointer.slice(1)} ${detail}`);
  throw new KolateError('KLT_CONFIG_INVALID', `environment: ${faults.join('; ')}`);
}
