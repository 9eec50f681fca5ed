import type { TSchema } from '@sinclair/typebox';
import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { BodyError, ParameterError, ParameterPlace } from '../../contracts/errors';

// `fast` formats are regular expressions alone: half the cost of the full ones, and enough for what we accept.
const withFormats = (ajv: Ajv): Ajv => addFormats(ajv, { mode: 'fast' });

/** Verbose for the description of the schema at fault, which says more to people than its pattern. */
const common = { allErrors: true, useDefaults: true, verbose: true };

/** For bodies and events: nothing is coerced, unknown fields are refused where the schema says so. */
export const strictAjv = withFormats(new Ajv({ ...common, strict: false }));

/** For text: query, path, headers, environment. Numbers and booleans are read from text and defaults filled in. */
export const textAjv = withFormats(new Ajv({ ...common, coerceTypes: true, strict: false }));

const pointerOf = ({ keyword, instancePath, params }: ErrorObject): string => {
  if (keyword === 'required') return `${instancePath}/${escaped(params.missingProperty)}`;
  if (keyword === 'additionalProperties') return `${instancePath}/${escaped(params.additionalProperty)}`;
  return instancePath;
};

/** A key as a part of a JSON pointer. */
export const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
const unescaped = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

const detailOf = (error: ErrorObject): string => {
  if (error.keyword === 'additionalProperties') return 'is not a known field';
  if (error.keyword === 'required') return 'is missing';
  const description: unknown = error.parentSchema?.description;
  if (error.keyword === 'pattern' && typeof description === 'string') return `must be ${description}`;
  return error.message ?? 'is not valid';
};

const maxErrors = 20;

/** Ajv's errors as the pointers and sentences that problem details carry; at most 20. */
export const fieldErrors = (errors: ErrorObject[] | null | undefined): BodyError[] =>
  (errors ?? []).slice(0, maxErrors).map((error) => ({ pointer: pointerOf(error), detail: detailOf(error) }));

/** Ajv's errors in parameters of a flat schema, each with the parameter's name and place; at most 20. */
export const parameterErrors = (errors: ErrorObject[] | null | undefined, place: ParameterPlace): ParameterError[] =>
  (errors ?? []).slice(0, maxErrors).map((error) => ({
    parameter: unescaped(pointerOf(error).slice(1)),
    in: place,
    detail: error.keyword === 'additionalProperties' ? 'is not known' : detailOf(error),
  }));

const compiled = new WeakMap<TSchema, ValidateFunction>();

/** The strict validator of a schema, compiled once. */
export function strictValidator(schema: TSchema): ValidateFunction {
  const known = compiled.get(schema);
  if (known) return known;
  const validate = strictAjv.compile(schema);
  compiled.set(schema, validate);
  return validate;
}
