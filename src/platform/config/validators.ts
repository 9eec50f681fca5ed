import type { TSchema } from '@sinclair/typebox';
import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { FieldError } from '../../contracts/errors';

// `fast` formats are regular expressions alone: half the cost of the full ones, and enough for what we accept.
const withFormats = (ajv: Ajv): Ajv => addFormats(ajv, { mode: 'fast' });

/** For bodies and events: nothing is coerced, unknown fields are refused where the schema says so. */
export const strictAjv = withFormats(new Ajv({ allErrors: true, useDefaults: true, strict: false }));

/** For text: query, path, headers, environment. Numbers and booleans are read from text and defaults filled in. */
export const textAjv = withFormats(new Ajv({ allErrors: true, useDefaults: true, coerceTypes: true, strict: false }));

const pointerOf = (error: ErrorObject): string => {
  if (error.keyword === 'required') return `${error.instancePath}/${error.params.missingProperty}`;
  if (error.keyword === 'additionalProperties') return `${error.instancePath}/${error.params.additionalProperty}`;
  return error.instancePath;
};

const detailOf = (error: ErrorObject): string => {
  if (error.keyword === 'additionalProperties') return 'is not a known field';
  if (error.keyword === 'required') return 'is missing';
  return error.message ?? 'is not valid';
};

/** Ajv's errors as the pointers and sentences that problem details carry; at most 20. */
export const fieldErrors = (errors: ErrorObject[] | null | undefined, prefix = ''): FieldError[] =>
  (errors ?? []).slice(0, 20).map((error) => ({ pointer: prefix + pointerOf(error), detail: detailOf(error) }));

const compiled = new WeakMap<TSchema, ValidateFunction>();

/** The strict validator of a schema, compiled once. */
export function strictValidator(schema: TSchema): ValidateFunction {
  const known = compiled.get(schema);
  if (known) return known;
  const validate = strictAjv.compile(schema);
  compiled.set(schema, validate);
  return validate;
}
