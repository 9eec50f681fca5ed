import { type TProperties, type TSchema, Type } from '@sinclair/typebox';

/** What a literal has as somebody wrote it down: nobody changes it. */
export type Fixed<T> = { readonly [K in keyof T]: Fixed<T[K]> };

/** All of them, and no others. */
export const settings = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

/** Answered by every environment, if only with `undefined`. */
export const maybe = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Undefined()]);
