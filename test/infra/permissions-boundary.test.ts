import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { prod } from '../../lib/config/prod';
import { addPlatform, createApp } from '../../lib/platform-app';

type Statement = { Effect: string; Action?: string | string[] };
type Resources = Record<string, { Type: string; Properties: Record<string, unknown> }>;

const app = addPlatform(createApp({ analyticsReporting: false, builtinCloudFormationValidation: false }), prod);
const templates: Resources[] = app.node.children
  .filter((child) => Stack.isStack(child))
  .map((stack) => Template.fromStack(stack).toJSON().Resources as Resources);
const ofType = (resources: Resources, type: string) =>
  Object.entries(resources).filter(([, { Type }]) => Type === type);
const statementsOf = (document: unknown): Statement[] => (document as { Statement: Statement[] }).Statement;
const actionsOf = (statements: Statement[], effect: string): string[] =>
  statements.filter(({ Effect }) => Effect === effect).flatMap(({ Action = [] }) => [Action].flat());

const boundary = templates
  .flatMap((resources) => ofType(resources, 'AWS::IAM::ManagedPolicy'))
  .filter(([id]) => id.startsWith('BoundaryPolicy'))
  .flatMap(([, { Properties }]) => statementsOf(Properties.PolicyDocument));

/** What the roles of a stack that are bounded may do by their own policies, as `role: action`. */
function boundedActions(resources: Resources): string[] {
  const bounded = ofType(resources, 'AWS::IAM::Role').filter(([, { Properties }]) => Properties.PermissionsBoundary);
  const names = new Set(bounded.map(([id]) => id));
  return ofType(resources, 'AWS::IAM::Policy').flatMap(([, { Properties }]) => {
    const roles = (Properties.Roles as { Ref?: string }[]).map(({ Ref = '' }) => Ref).filter((id) => names.has(id));
    return roles.flatMap((role) =>
      actionsOf(statementsOf(Properties.PolicyDocument), 'Allow').map((action) => `${role}: ${action}`),
    );
  });
}

/** Whether a pattern of actions covers an action, or all that another pattern covers. */
const covers = (pattern: string, action: string): boolean =>
  new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 'i').test(action);

describe('the permissions boundary', () => {
  const allowed = actionsOf(boundary, 'Allow');
  const denied = actionsOf(boundary, 'Deny').filter((action) => action !== '*');
  const wanted = templates.flatMap(boundedActions);

  it('bounds the roles of tasks', () => {
    expect(wanted.length).toBeGreaterThan(0);
  });

  it('leaves every role under it all that its own policies give', () => {
    const action = (line: string): string => line.slice(line.indexOf(': ') + 2);
    expect(wanted.filter((line) => !allowed.some((pattern) => covers(pattern, action(line))))).toEqual([]);
    expect(wanted.filter((line) => denied.some((pattern) => covers(pattern, action(line))))).toEqual([]);
  });
});
