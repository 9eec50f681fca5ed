/** Puts the names of one platform apart from those of another on the same cluster. */
export type Namespace = {
  /** As the broker knows it. */
  outer(name: string): string;
  /** As everybody here knows it. */
  inner(name: string): string;
};

export function createNamespace(prefix = ''): Namespace {
  return {
    outer: (name) => prefix + name,
    inner: (name) => (name.startsWith(prefix) ? name.slice(prefix.length) : name),
  };
}
