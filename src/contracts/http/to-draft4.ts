import type { TSchema } from '@sinclair/typebox';

type Json = { readonly [member: string]: unknown };

/** Words that mean the same in draft 4. Titles, defaults and formats go: API Gateway judges by none of them. */
const kept = new Set([
  ...['type', 'description', 'required', 'enum', 'pattern', 'minLength', 'maxLength', 'multipleOf'],
  ...['minItems', 'maxItems', 'uniqueItems', 'minProperties', 'maxProperties'],
]);
/** Words whose loss makes a schema take more, never less. */
const annotations = new Set([
  ...['$id', '$schema', '$comment', '$defs', 'definitions', 'title', 'default', 'examples', 'format'],
  ...['readOnly', 'writeOnly', 'deprecated', 'contentEncoding', 'contentMediaType'],
]);

/**
 * A TypeBox schema as the JSON Schema draft 4 that API Gateway's models are written in. What draft 4 has other words
 * for is translated, references are replaced by what they refer to, and what it has no words for is left out: the
 * result takes whatever the schema takes, and may take more. The service that has the schema stays the authority.
 * @throws Error for a reference to a schema that is not in `schema` or that refers to itself, and for `false`
 */
export function toDraft4(schema: TSchema): Json {
  const named = collectIds(schema);
  return { $schema: 'http://json-schema.org/draft-04/schema#', ...objectOf(convert(schema, named, [])) };
}

type Named = ReadonlyMap<string, Json>;

function convert(value: unknown, named: Named, within: readonly string[]): unknown {
  if (value === true) return {};
  if (value === false) throw new Error('draft 4: a schema is false; expected an object or true');
  const schema = objectOf(value);
  if (typeof schema.$ref === 'string') return resolve(schema.$ref, named, within);
  const go = (part: unknown): unknown => convert(part, named, within);
  const result: Record<string, unknown> = {};
  for (const [word, part] of Object.entries(schema)) {
    if (kept.has(word)) result[word] = part;
    else Object.assign(result, converters[word]?.(part, go, schema));
  }
  return withNull(schema, result);
}

type Converter = (part: unknown, go: (part: unknown) => unknown, schema: Json) => Json;

const each = (part: unknown, go: (part: unknown) => unknown): Json =>
  Object.fromEntries(Object.entries(objectOf(part)).map(([name, member]) => [name, go(member)]));

/** `anyOf` for `oneOf` too: of branches that take more than they did, two might fit. */
const union: Converter = (part, go) => {
  const branches = listOf(part).map(go).map(objectOf);
  const values = branches.map((branch) => onlyEnum(branch));
  return values.every((list) => list !== undefined) ? { enum: values.flat() } : { anyOf: branches };
};

const converters: Readonly<Record<string, Converter>> = {
  const: (part) => ({ enum: [part] }),
  minimum: (part, _go, { exclusiveMinimum }) =>
    typeof exclusiveMinimum === 'number' && exclusiveMinimum >= Number(part) ? {} : { minimum: part },
  maximum: (part, _go, { exclusiveMaximum }) =>
    typeof exclusiveMaximum === 'number' && exclusiveMaximum <= Number(part) ? {} : { maximum: part },
  exclusiveMinimum: (part, _go, { minimum }) =>
    typeof minimum === 'number' && minimum > Number(part) ? {} : { minimum: part, exclusiveMinimum: true },
  exclusiveMaximum: (part, _go, { maximum }) =>
    typeof maximum === 'number' && maximum < Number(part) ? {} : { maximum: part, exclusiveMaximum: true },
  properties: (part, go) => ({ properties: each(part, go) }),
  patternProperties: (part, go) => ({ patternProperties: each(part, go) }),
  additionalProperties: (part, go) => ({ additionalProperties: typeof part === 'boolean' ? part : go(part) }),
  items: (part, go) => ({ items: Array.isArray(part) ? part.map(go) : go(part) }),
  additionalItems: (part, go) => ({ additionalItems: typeof part === 'boolean' ? part : go(part) }),
  allOf: (part, go) => ({ allOf: listOf(part).map(go) }),
  anyOf: union,
  oneOf: union,
  // Of what takes more than it did, the opposite would take less: kept only where nothing was lost.
  not: (part, go) => (isExact(part) ? { not: go(part) } : {}),
};

/** The values of a schema that says nothing else. */
const onlyEnum = ({ type: _type, description: _description, enum: values, ...more }: Json): unknown[] | undefined =>
  Array.isArray(values) && Object.keys(more).length === 0 ? values : undefined;

/** OpenAPI's `nullable`, which Ajv reads too. */
function withNull({ nullable }: Json, result: Record<string, unknown>): Json {
  if (nullable !== true || result.type === undefined) return result;
  const { enum: values } = result;
  return {
    ...result,
    type: [...new Set([result.type, 'null'].flat())],
    ...(Array.isArray(values) && !values.includes(null) && { enum: [...values, null] }),
  };
}

/** Whether the conversion of `part` loses nothing that decides. */
function isExact(part: unknown): boolean {
  if (Array.isArray(part)) return part.every(isExact);
  if (typeof part !== 'object' || part === null) return true;
  return Object.entries(part).every(([word, member]) => {
    if (word === 'properties' || word === 'patternProperties') return Object.values(objectOf(member)).every(isExact);
    if (word === 'oneOf' || word === 'format') return false;
    if (kept.has(word) || annotations.has(word) || word === 'const') return true;
    return word in converters && isExact(member);
  });
}

function resolve(ref: string, named: Named, within: readonly string[]): unknown {
  const target = named.get(ref.replace(/^#/, '')) ?? named.get(ref);
  if (!target) throw new Error(`draft 4: $ref is ${ref}; expected one of ${[...named.keys()].join(', ') || 'none'}`);
  if (within.includes(ref)) throw new Error(`draft 4: ${ref} refers to itself; expected a schema that ends`);
  return convert(target, named, [...within, ref]);
}

/** Every schema with an `$id` inside of `value`, and those under `$defs` by their path. */
function collectIds(value: unknown, found = new Map<string, Json>(), path = ''): Map<string, Json> {
  if (typeof value !== 'object' || value === null) return found;
  if ('$id' in value && typeof value.$id === 'string') found.set(value.$id, objectOf(value));
  if (/\/(\$defs|definitions)\/[^/]+$/.test(path)) found.set(path, objectOf(value));
  for (const [name, member] of Object.entries(value)) collectIds(member, found, `${path}/${name}`);
  return found;
}

const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
