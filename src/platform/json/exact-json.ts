type Context = { readonly source?: string };

// Node 24 has both; the types of the language's library do not say so yet.
declare global {
  interface JSON {
    parse(text: string, reviver: (key: string, value: unknown, context: Context) => unknown): unknown;
    rawJSON(text: string): object;
  }
}

const integer = /^-?\d+$/;
const isLarge = (value: number, source: string): boolean => !Number.isSafeInteger(value) && integer.test(source);

/** Members and elements of `text` that are numbers as `number` makes them of their value and their digits. */
const parseNumbers = (text: string, number: (value: number, source: string) => unknown): unknown =>
  JSON.parse(text, (_key: string, value: unknown, { source }: Context) =>
    typeof value === 'number' && source !== undefined ? number(value, source) : value,
  );

/**
 * `text` parsed with integers beyond 2^53 as bigint, so that 64-bit tensors stay exact.
 * @throws SyntaxError
 */
export const parseExact = (text: string): unknown =>
  parseNumbers(text, (value, source) => (isLarge(value, source) ? BigInt(source) : value));

/** The reverse of `parseExact`. */
export const stringifyExact = (value: unknown, indent?: number): string =>
  JSON.stringify(
    value,
    (_key, member: unknown) => (typeof member === 'bigint' ? JSON.rawJSON(String(member)) : member),
    indent,
  );

/**
 * `text` parsed so that `JSON.stringify` writes integers beyond 2^53 as they were written, and infinities, which are written as
 * 1e999 and of which it would make null.
 */
export const keepExact = (text: string): unknown =>
  parseNumbers(text, (value, source) =>
    !Number.isFinite(value) || isLarge(value, source) ? JSON.rawJSON(source) : value,
  );
