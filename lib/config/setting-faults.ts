import { KindGuard, type TObject, type TSchema } from '@sinclair/typebox';
import { shown } from './faults';

/**
 * Where a value is not of its schema, in words: what, got, expected. Reads the kinds of schema that environments are made
 * of. Ajv takes a setting that is answered with `undefined` for one that was left out, and both it and TypeBox' own checks
 * would be loaded at each synthesis for this alone.
 * @param what path of the value; of a whole literal there is none
 */
export function settingFaults(schema: TSchema, got: unknown, what = ''): readonly string[] {
  const wrong = () => [`${what || 'the literal'} is ${shown(got)}; expected ${inWords(schema)}`];
  if (KindGuard.IsObject(schema)) return isRecord(got) ? faultsWithin(schema, got, what) : wrong();
  if (KindGuard.IsArray(schema)) {
    if (!Array.isArray(got)) return wrong();
    return got.flatMap((item, at) => settingFaults(schema.items, item, join(what, String(at))));
  }
  if (KindGuard.IsUnion(schema)) {
    if (schema.anyOf.some((one) => settingFaults(one, got, what).length === 0)) return [];
    const parts = schema.anyOf.find((one) => KindGuard.IsObject(one));
    return parts && isRecord(got) ? settingFaults(parts, got, what) : wrong();
  }
  return isLeaf(schema, got) ? [] : wrong();
}

function faultsWithin(schema: TObject, got: Readonly<Record<string, unknown>>, what: string): readonly string[] {
  const { properties } = schema;
  return [
    ...Object.keys(got)
      .filter((name) => !Object.hasOwn(properties, name))
      .map((name) => `${join(what, name)} is not a setting; expected one of ${Object.keys(properties).join(', ')}`),
    ...Object.entries(properties).flatMap(([name, part]) =>
      Object.hasOwn(got, name)
        ? settingFaults(part, got[name], join(what, name))
        : [`${join(what, name)} is missing; expected ${inWords(part)}`],
    ),
  ];
}

function isLeaf(schema: TSchema, got: unknown): boolean {
  if (KindGuard.IsLiteral(schema)) return got === schema.const;
  if (KindGuard.IsString(schema)) return typeof got === 'string';
  if (KindGuard.IsNumber(schema)) return Number.isFinite(got);
  if (KindGuard.IsBoolean(schema)) return typeof got === 'boolean';
  return KindGuard.IsUndefined(schema) && got === undefined;
}

function inWords(schema: TSchema): string {
  if (KindGuard.IsUnion(schema)) {
    const words = schema.anyOf.map(inWords);
    return [words.slice(0, -1).join(', '), ...words.slice(-1)].join(' or ');
  }
  if (KindGuard.IsLiteral(schema)) return String(schema.const);
  if (KindGuard.IsObject(schema)) return `settings (${Object.keys(schema.properties).join(', ')})`;
  if (KindGuard.IsArray(schema)) return 'a list';
  if (KindGuard.IsString(schema)) return 'a text';
  if (KindGuard.IsNumber(schema)) return 'a number';
  return KindGuard.IsBoolean(schema) ? 'true or false' : 'undefined';
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const join = (what: string, name: string): string => (what === '' ? name : `${what}.${name}`);
