type Context = { readonly source?: string };

// Node 24 has both; the standard library's types do not know them yet.
declare global {
  interface JSON {
    parse(text: string, reviver: (key: string, value: unknown, context: Context) => unknown): unknown;
    rawJSON(text: string): object;
  }
}

const integer = /^-?\d+$/;

/**
 * `text` parsed with integers beyond 2^53 as bigint, so that 64-bit tensors stay exact.
 * @throws SyntaxError
 */
export const parseExact = (text: string): unknown =>
  JSON.parse(text, (_key: string, value: unknown, { source }: Context) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && integer.test(source)
      ? BigInt(source)
      : value,
  );

/** The reverse of `parseExact`. */
export const stringifyExact = (value: unknown, indent?: number): string =>
  JSON.stringify(
    value,
    (_key, member: unknown) => (typeof member === 'bigint' ? JSON.rawJSON(String(member)) : member),
    indent,
  );
