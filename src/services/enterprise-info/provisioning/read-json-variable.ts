import type { Static, TSchema } from '@sinclair/typebox';
import { KolateError } from '../../../contracts/errors';
import { fieldErrors, strictValidator } from '../../../platform/config/validators';

/** What infrastructure wrote into the variable `name` as JSON. @throws KolateError KLT_CONFIG_INVALID */
export function readJsonVariable<T extends TSchema>(name: string, schema: T, text: string): Static<T> {
  const validate = strictValidator(schema);
  const value = parsed(name, text);
  if (validate(value)) return value as Static<T>;
  const faults = fieldErrors(validate.errors).map(({ pointer, detail }) => `${pointer} ${detail}`);
  throw new KolateError('KLT_CONFIG_INVALID', `${name}: ${faults.join('; ')}`);
}

function parsed(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KolateError('KLT_CONFIG_INVALID', `${name} is not JSON`, { cause });
  }
}
