import { type Static, type TSchema, Type } from '@sinclair/typebox';

export const Uuid = Type.String({ format: 'uuid' });
export const Timestamp = Type.String({ format: 'date-time', description: 'RFC 3339, UTC' });

/** One fault of a request: in its body at `pointer`, or in a parameter that is named with its place. */
export const FieldError = Type.Union([
  Type.Object({
    pointer: Type.String({ description: 'JSON pointer (RFC 6901) into the body' }),
    detail: Type.String(),
  }),
  Type.Object({
    parameter: Type.String(),
    in: Type.Union([Type.Literal('path'), Type.Literal('query'), Type.Literal('header')]),
    detail: Type.String(),
  }),
]);

/** RFC 9457 problem details, with our members `code`, `errors`, `hint`, `traceId`. */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String({ pattern: '^KLT_[A-Z_]+$' }),
    instance: Type.Optional(Type.String()),
    traceId: Type.Optional(Type.String()),
    hint: Type.Optional(Type.String()),
    errors: Type.Optional(Type.Array(FieldError)),
  },
  { additionalProperties: true, $id: 'Problem' },
);
export type Problem = Static<typeof Problem>;

/** The answers that any authenticated route can give. */
export const commonProblems = {
  400: Problem,
  401: Problem,
  403: Problem,
  404: Problem,
  422: Problem,
  429: Problem,
  503: Problem,
} as const;

/** Query of every list. `filter` is `field:value`, several joined by a comma; `sort` a field, descending with `-` before it. */
export const ListQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
    cursor: Type.Optional(Type.String({ maxLength: 1024 })),
    filter: Type.Optional(Type.String({ maxLength: 512 })),
    sort: Type.Optional(Type.String({ maxLength: 64 })),
    fields: Type.Optional(Type.String({ maxLength: 512, description: 'names of fields, joined by commas' })),
  },
  { additionalProperties: false },
);
export type ListQuery = Static<typeof ListQuery>;

/** A page of a list; `nextCursor` is absent on the last one. Items may be partial when `fields` was given. */
export const Page = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(Type.Partial(item)), nextCursor: Type.Optional(Type.String()) });

export const strict = { additionalProperties: false } as const;
