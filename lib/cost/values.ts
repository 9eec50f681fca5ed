import { type AssembledStack, type Assembly, type PlacedResource, resourcesOf } from '../assembly/assembly';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at `path` (dots between names); nothing where a part of it is missing. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, name) => (isRecord(inner) ? inner[name] : undefined), value);
}

export const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

/** A number that the template says, or `otherwise` where it says none. */
export function numberOf(value: unknown, otherwise: number): number {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : otherwise;
}

/** The resource of the same stack that a reference stands for. */
export function referred({ stack }: Pick<PlacedResource, 'stack'>, value: unknown): PlacedResource | undefined {
  const attribute = at(value, 'Fn::GetAtt');
  const ref = at(value, 'Ref') ?? (Array.isArray(attribute) ? attribute[0] : undefined);
  return typeof ref === 'string' ? placed(stack, ref) : undefined;
}

function placed(stack: AssembledStack, id: string): PlacedResource | undefined {
  const resource = stack.template.Resources[id];
  return resource && { stack, id, resource, properties: resource.Properties ?? {} };
}

/** The default of the parameter that `value` refers to; any other value as it is. */
export function settled({ stack }: Pick<PlacedResource, 'stack'>, value: unknown): unknown {
  const parameter = stack.template.Parameters?.[String(at(value, 'Ref'))];
  return parameter === undefined ? value : at(parameter, 'Default');
}

/** Resources of a type share what the usage says of all of them. */
export const shareOf = (assembly: Assembly, total: number, ...types: readonly string[]): number =>
  total / Math.max(1, resourcesOf(assembly, ...types).length);
