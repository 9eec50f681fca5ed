import {
  type AssembledStack,
  type Assembly,
  type PlacedResource,
  pathOf,
  resourcesOf,
} from '../../../lib/assembly/assembly';

export type Violation = { readonly at: Pick<PlacedResource, 'stack' | 'id'>; readonly says: string };

/** What has to hold for every resource of an environment. An exception is `Kolate::<name>`, acknowledged with a reason. */
export type Rule = { readonly name: string; readonly check: (assembly: Assembly) => readonly Violation[] };

/** A sentence for each place where the rule does not hold and nobody has said why. */
export function violationsOf({ name, check }: Rule, assembly: Assembly): string[] {
  return check(assembly)
    .filter(({ at }) => !isAcknowledged(assembly, at, `Kolate::${name}`))
    .map(({ at, says }) => `${pathOf(at)} ${says}`);
}

/** Accepted there or above, with a reason. */
export function isAcknowledged(assembly: Assembly, at: Violation['at'], id: string): boolean {
  const path = pathOf(at);
  return assembly.acknowledgements.some(
    (accepted) => accepted.id === id && accepted.reason !== '' && `${path}/`.startsWith(`${accepted.path}/`),
  );
}

/** A rule about each resource of one type: `says` tells what is wrong with it, or nothing. */
export function ofEach(
  type: string,
  says: (properties: Readonly<Record<string, unknown>>, at: PlacedResource, assembly: Assembly) => string | undefined,
): (assembly: Assembly) => Violation[] {
  return (assembly) =>
    resourcesOf(assembly, type).flatMap((at) => {
      const said = says(at.properties, at, assembly);
      return said === undefined ? [] : [{ at, says: said }];
    });
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at `path` (dots between names); nothing where a part of it is missing. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, name) => (isRecord(inner) ? inner[name] : undefined), value);
}

export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** The resource that an attribute, a reference or another stack's output stands for. */
export function follow(assembly: Assembly, stack: AssembledStack, value: unknown): PlacedResource | undefined {
  if (!isRecord(value)) return undefined;
  const output = value['Fn::GetStackOutput'];
  if (isRecord(output)) {
    const other = assembly.stacks.find(({ name }) => name === output.StackName);
    return other && follow(assembly, other, other.template.Outputs?.[String(output.OutputName)]?.Value);
  }
  const attribute = value['Fn::GetAtt'];
  const id = typeof value.Ref === 'string' ? value.Ref : Array.isArray(attribute) ? String(attribute[0]) : undefined;
  const resource = id === undefined ? undefined : stack.template.Resources[id];
  return id === undefined || resource === undefined
    ? undefined
    : { stack, id, resource, properties: resource.Properties ?? {} };
}

/** `value` as the text that CloudFormation makes of it in `region`, as far as that can be said here. */
export function textOf(value: unknown, region: string): string {
  if (typeof value === 'string') return value;
  if (!isRecord(value)) return '';
  if (value.Ref === 'AWS::Region') return region;
  const join = value['Fn::Join'];
  if (!Array.isArray(join)) return '';
  const [separator, parts]: unknown[] = join;
  return listOf(parts)
    .map((part) => textOf(part, region))
    .join(String(separator));
}

export type Statement = {
  readonly effect: unknown;
  readonly actions: readonly unknown[];
  readonly resources: readonly unknown[];
  readonly principal: unknown;
  readonly condition: unknown;
};

export const statementsOf = (document: unknown): Statement[] =>
  listOf(at(document, 'Statement')).map((statement) => ({
    effect: at(statement, 'Effect'),
    actions: listOf(at(statement, 'Action')),
    resources: listOf(at(statement, 'Resource')),
    principal: at(statement, 'Principal'),
    condition: at(statement, 'Condition'),
  }));
