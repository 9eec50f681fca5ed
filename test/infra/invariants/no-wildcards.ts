import { type Assembly, type PlacedResource, resourcesOf } from '../../../lib/assembly/assembly';
import { at, isAcknowledged, listOf, type Rule, statementsOf, type Violation } from './rule';

const documentsOf = ({ resource, properties }: PlacedResource): readonly unknown[] =>
  resource.Type === 'AWS::IAM::Role'
    ? listOf(properties.Policies).map((policy) => at(policy, 'PolicyDocument'))
    : [properties.PolicyDocument];

/** `*` and `service:*`, and the resource `*`. The reason is the one that cdk-nag asks for, in its form. */
export const noWildcards: Rule = {
  name: 'no-wildcards',
  check: (assembly: Assembly) =>
    resourcesOf(assembly, 'AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::Role').flatMap((policy) =>
      [...wildcardsOf(policy)]
        .filter((found) => !isAcknowledged(assembly, policy, `AwsSolutions-IAM5[${found}]`))
        .map((found): Violation => ({ at: policy, says: `allows ${found.replace('::', ' ')}, and nobody says why` })),
    ),
};

function wildcardsOf(policy: PlacedResource): Set<string> {
  const allowing = documentsOf(policy)
    .flatMap(statementsOf)
    .filter(({ effect }) => effect === 'Allow');
  return new Set(
    allowing.flatMap(({ actions, resources }) => [
      ...actions
        .filter((action) => action === '*' || String(action).endsWith(':*'))
        .map((action) => `Action::${String(action)}`),
      ...resources.filter((resource) => resource === '*').map(() => 'Resource::*'),
    ]),
  );
}
