import type { Acknowledgement, Assembly, TemplateResource } from '../../../lib/assembly/assembly';
import { type Rule, violationsOf } from './rule';

export type Planted = {
  readonly resources: Readonly<Record<string, TemplateResource>>;
  readonly acknowledgements?: readonly Acknowledgement[];
  readonly isProtected?: boolean;
  readonly bytes?: number;
  readonly outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
};

/** An environment of one stack, `kolate-try-part`, in which each resource's construct path is its logical id. */
export function assemblyWith({
  resources,
  acknowledgements = [],
  isProtected = true,
  bytes = 1,
  outputs,
}: Planted): Assembly {
  const stack = {
    ...{ name: 'kolate-try-part', part: 'part', region: 'eu-west-1', file: '', dependsOn: [] },
    ...{ isProtected, bytes, template: { Resources: resources, ...(outputs ? { Outputs: outputs } : {}) } },
    paths: new Map(Object.keys(resources).map((id) => [id, id])),
  };
  return { environment: 'try', stacks: [stack], acknowledgements };
}

export const resource = (Type: string, Properties: Readonly<Record<string, unknown>> = {}): TemplateResource => ({
  Type,
  Properties,
});
export const allowing = (statement: Readonly<Record<string, unknown>>) => ({
  Statement: [{ Effect: 'Allow', ...statement }],
});
export const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });

export type Case = readonly [
  what: string,
  resources: Readonly<Record<string, TemplateResource>>,
  violations: readonly string[],
];

/** Each case: what is planted, and what the rule says of it; nothing where all is well. */
export const holds = (rule: Rule, cases: readonly Case[]): void =>
  describe(rule.name, () => {
    it.each(cases)('%s', (_what, resources, violations) => {
      expect(violationsOf(rule, assemblyWith({ resources }))).toEqual(violations);
    });
  });
