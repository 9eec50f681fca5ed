type Context = { readonly source?: string };

// Node 24 has both; the types of the language's library do not say so yet.
declare global {
  interface JSON {
    parse(text: string, reviver: (key: string, value: unknown, context: Context) => unknown): unknown;
    rawJSON(text: string): object;
  }
}

const integer = /^-?\d+$/;

/** `text` parsed so that `JSON.stringify` writes integers beyond 2^53 with every digit that they had. */
export const keepExact = (text: string): unknown =>
  JSON.parse(text, (_key: string, value: unknown, { source }: Context) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && integer.test(source)
      ? JSON.rawJSON(source)
      : value,
  );
