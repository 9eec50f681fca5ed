/** What the path of a request names. */
export type InferRoute = { readonly model: string; readonly version: string | undefined; readonly path: string };

/** With names that the registry gives: nothing in them is escaped. */
const inferPath = /^\/v2\/models\/([a-z][a-z0-9._-]{0,62})(?:\/versions\/([A-Za-z0-9][A-Za-z0-9._-]{0,62}))?\/infer$/;
const maxRoutes = 10_000;

/** Finds the infer route of a target; known ones without looking at them again, always as the same object. */
export function createInferMatcher(): (target: string) => InferRoute | undefined {
  const routes = new Map<string, InferRoute>();
  return (target) => {
    const known = routes.get(target);
    if (known) return known;
    const [, model, version] = inferPath.exec(target) ?? [];
    if (model === undefined) return undefined;
    if (routes.size >= maxRoutes) routes.clear();
    const route = { model, version, path: target };
    routes.set(target, route);
    return route;
  };
}
