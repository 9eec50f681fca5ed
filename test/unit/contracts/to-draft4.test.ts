import { type TSchema, Type } from '@sinclair/typebox';
import Ajv from 'ajv';
import Ajv4 from 'ajv-draft-04';
import * as fc from 'fast-check';
import { allRoutes } from '../../../src/contracts/http/all-routes';
import { toDraft4 } from '../../../src/contracts/http/to-draft4';

const ours = new Ajv({ strict: false });
const draft4 = new Ajv4({ strict: true, strictTypes: false, strictRequired: false });
const converted = (schema: TSchema) => {
  const { $schema, ...rest } = toDraft4(schema);
  expect($schema).toBe('http://json-schema.org/draft-04/schema#');
  return rest;
};

describe('a schema in draft 4', () => {
  it.each<[string, TSchema, unknown]>([
    ['a literal', Type.Literal('a'), { type: 'string', enum: ['a'] }],
    ['a union of literals', Type.Union([Type.Literal('a'), Type.Literal(2)]), { enum: ['a', 2] }],
    [
      'a union with null',
      Type.Union([Type.String({ maxLength: 3 }), Type.Null()]),
      { anyOf: [{ type: 'string', maxLength: 3 }, { type: 'null' }] },
    ],
    ['a nullable', { ...Type.String(), nullable: true }, { type: ['string', 'null'] }],
    [
      'a nullable of few values',
      { ...Type.Unsafe({ type: 'string', enum: ['a'] }), nullable: true },
      { type: ['string', 'null'], enum: ['a', null] },
    ],
    [
      'more than a number',
      Type.Number({ exclusiveMinimum: 2 }),
      { type: 'number', minimum: 2, exclusiveMinimum: true },
    ],
    [
      'less than a number',
      Type.Number({ exclusiveMaximum: 2 }),
      { type: 'number', maximum: 2, exclusiveMaximum: true },
    ],
    [
      'two lower bounds',
      Type.Integer({ minimum: 2, exclusiveMinimum: 2 }),
      { type: 'integer', minimum: 2, exclusiveMinimum: true },
    ],
    ['two lower bounds', Type.Integer({ minimum: 3, exclusiveMinimum: 2 }), { type: 'integer', minimum: 3 }],
    ['a format', Type.String({ format: 'uuid', minLength: 1 }), { type: 'string', minLength: 1 }],
    ['a default', Type.Boolean({ default: true, title: 'T' }), { type: 'boolean' }],
    [
      'an object',
      Type.Object({ a: Type.String(), b: Type.Optional(Type.Integer()) }, { $id: 'X', additionalProperties: false }),
      {
        type: 'object',
        required: ['a'],
        properties: { a: { type: 'string' }, b: { type: 'integer' } },
        additionalProperties: false,
      },
    ],
    [
      'a record',
      Type.Record(Type.String(), Type.Integer()),
      { type: 'object', patternProperties: { '^(.*)$': { type: 'integer' } } },
    ],
    [
      'a tuple',
      Type.Tuple([Type.String()]),
      { type: 'array', items: [{ type: 'string' }], additionalItems: false, minItems: 1, maxItems: 1 },
    ],
    ['anything', Type.Unknown(), {}],
    ['not a literal', Type.Not(Type.Literal(1)), { not: { type: 'number', enum: [1] } }],
    ['not what loses something', Type.Not(Type.String({ format: 'uuid' })), {}],
    [
      'what it has no words for',
      Type.Array(Type.Integer(), { contains: Type.Literal(1) }),
      { type: 'array', items: { type: 'integer' } },
    ],
  ])('says %s in its own words', (_what, schema, expected) => {
    expect(converted(schema)).toEqual(expected);
  });

  it('puts in place of a reference what it refers to', () => {
    const Name = Type.String({ $id: 'Name', pattern: '^a' });
    expect(converted(Type.Object({ name: Name, other: Type.Ref('Name') })).properties).toEqual({
      name: { type: 'string', pattern: '^a' },
      other: { type: 'string', pattern: '^a' },
    });
    const byPath = { type: 'array', items: { $ref: '#/$defs/n' }, $defs: { n: { type: 'number' } } };
    expect(converted(Type.Unsafe(byPath))).toEqual({ type: 'array', items: { type: 'number' } });
  });

  it('refuses what cannot be written without a reference', () => {
    const Tree = Type.Recursive((This) => Type.Object({ children: Type.Array(This) }), { $id: 'Tree' });
    expect(() => toDraft4(Tree)).toThrow('Tree refers to itself');
    expect(() => toDraft4(Type.Ref('Elsewhere'))).toThrow('$ref is Elsewhere; expected one of none');
  });

  it('takes all that the schema takes', () => {
    const schema = Type.Object(
      {
        name: Type.String({ pattern: '^[a-z]+$', maxLength: 4 }),
        kind: Type.Union([Type.Literal('x'), Type.Literal('y'), Type.Null()]),
        size: Type.Optional(Type.Integer({ exclusiveMinimum: 0, maximum: 3 })),
        either: Type.Optional(
          Type.Unsafe({ oneOf: [{ type: 'integer' }, { type: 'number', contentEncoding: 'float' }] }),
        ),
      },
      { additionalProperties: false },
    );
    const [accepts, takes] = [ours.compile(schema), draft4.compile(toDraft4(schema))];
    const value = fc.record(
      {
        name: fc.constantFrom('a', 'abcd', 'abcde', 'A', 1),
        kind: fc.constantFrom('x', 'y', 'z', null),
        size: fc.constantFrom(0, 1, 3, 4, 1.5),
        either: fc.constantFrom(1, 1.5, 'a'),
        more: fc.constant(1),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(value, (one) => !accepts(one) || takes(one)),
      { numRuns: 2_000 },
    );
    expect(takes({ name: 'abc', kind: null, size: 3 })).toBe(true);
    for (const wrong of [{ name: 'abc' }, { name: 'A', kind: 'x' }, { name: 'a', kind: 'x', size: 0 }]) {
      expect(takes(wrong)).toBe(false);
    }
  });

  it.each(allRoutes.flatMap(({ operationId, body }) => (body ? [[operationId, body] as const] : [])))(
    'can be made of the body of %s',
    (_operationId, body) => {
      expect(draft4.validateSchema(toDraft4(body))).toBe(true);
      expect(draft4.compile(toDraft4(body))({ not: 'a body' })).toBe(false);
    },
  );
});
