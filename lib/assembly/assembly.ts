/** What CloudFormation gets to see of one resource. Values may hold intrinsics: `{ Ref }`, `{ 'Fn::GetAtt' }`, … */
export type TemplateResource = {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
};

export type Template = {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Parameters?: Readonly<Record<string, unknown>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value?: unknown }>>;
};

/** One stack as it was written out. */
export type AssembledStack = {
  /** kolate-<environment>-<part> */
  readonly name: string;
  readonly part: string;
  readonly region: string;
  readonly isProtected: boolean;
  readonly template: Template;
  /** Of the template as CloudFormation gets it. */
  readonly bytes: number;
  readonly file: string;
  /** Construct paths by logical id, from the app's root. */
  readonly paths: ReadonlyMap<string, string>;
  /** Names of stacks that are deployed before it. */
  readonly dependsOn: readonly string[];
};

/** A finding that somebody accepted, and where: it holds for that construct and all below it. */
export type Acknowledgement = { readonly id: string; readonly reason: string; readonly path: string };

/** Everything that one synthesis of an environment wrote. */
export type Assembly = {
  readonly environment: string;
  readonly stacks: readonly AssembledStack[];
  readonly acknowledgements: readonly Acknowledgement[];
  /** The template that tenants' stacks are made from, which is published as a file. Absent in an app that makes none. */
  readonly tenant?: AssembledStack;
};

export type PlacedResource = {
  readonly stack: AssembledStack;
  readonly id: string;
  readonly resource: TemplateResource;
  readonly properties: Readonly<Record<string, unknown>>;
};

/** Every resource of every stack; of the given types only, when some are given. */
export function resourcesOf({ stacks }: Pick<Assembly, 'stacks'>, ...types: readonly string[]): PlacedResource[] {
  return stacks.flatMap((stack) =>
    Object.entries(stack.template.Resources)
      .filter(([, { Type }]) => types.length === 0 || types.includes(Type))
      .map(([id, resource]) => ({ stack, id, resource, properties: resource.Properties ?? {} })),
  );
}

/** Where a construct stands: its path, or stack and logical id for what has none. */
export const pathOf = ({ stack, id }: Pick<PlacedResource, 'stack' | 'id'>): string =>
  stack.paths.get(id) ?? `${stack.name}/${id}`;
