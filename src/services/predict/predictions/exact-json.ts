type Context = { readonly source?: string };

// Node 24 has both; the types of the language's library do not say so yet.
declare global {
  interface JSON {
    parse(text: string, reviver: (key: string, value: unknown, context: Context) => unknown): unknown;
    rawJSON(text: string): object;
  }
}

const integer = /^-?\d+$/;
/** Infinities are written as 1e999, which JSON.stringify would make null of. */
const roundedBy = (value: number, source: string): boolean =>
  !Number.isFinite(value) || (!Number.isSafeInteger(value) && integer.test(source));

/** `text` parsed so that `JSON.stringify` writes integers beyond 2^53, and infinities, as they were written. */
export const keepExact = (text: string): unknown =>
  JSON.parse(text, (_key: string, value: unknown, { source }: Context) =>
    typeof value === 'number' && source !== undefined && roundedBy(value, source) ? JSON.rawJSON(source) : value,
  );
