import { type Assembly, type PlacedResource, resourcesOf } from '../../../lib/assembly/assembly';
import { at, follow, listOf, ofEach, type Rule, statementsOf, type Violation } from './rule';

const runbookIn = (description: unknown): string | undefined =>
  /docs\/runbooks\/([a-z0-9-]+)\.md/.exec(String(description))?.[1];
const alarmsOf = (assembly: Assembly) =>
  resourcesOf(assembly, 'AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm');

const parameter = 'parameter';

/** A topic may be handed to a template as a parameter. */
const typeOf = (assembly: Assembly, { stack }: PlacedResource, action: unknown): string | undefined =>
  String(at(action, 'Ref')) in (stack.template.Parameters ?? {})
    ? parameter
    : follow(assembly, stack, action)?.resource.Type;

/** Every alarm tells somebody and names a runbook that there is. What only scales a service is no alarm to anybody. */
export const alarmsLeadSomewhere = (runbooks: ReadonlySet<string>): Rule => ({
  name: 'alarms-lead-somewhere',
  check: (assembly: Assembly) =>
    alarmsOf(assembly).flatMap((alarm): Violation[] => {
      const { AlarmActions, AlarmDescription, ActionsEnabled } = alarm.properties;
      const actions = listOf(AlarmActions).map((action) => typeOf(assembly, alarm, action));
      if (actions.length > 0 && actions.every((type) => type === 'AWS::ApplicationAutoScaling::ScalingPolicy'))
        return [];
      const runbook = runbookIn(AlarmDescription);
      return [
        ...(actions.some((type) => type === 'AWS::SNS::Topic' || type === parameter) && ActionsEnabled !== false
          ? []
          : ['tells nobody']),
        ...(runbook === undefined ? ['names no runbook'] : []),
        ...(runbook === undefined || runbooks.has(runbook) ? [] : [`names the runbook ${runbook}, which there is not`]),
      ].map((says) => ({ at: alarm, says }));
    }),
});

/** A topic without a policy lets the alarms of its account in; one with a policy only whom that names. */
export const topicsLetAlarmsIn: Rule = {
  name: 'topics-let-alarms-in',
  check: (assembly: Assembly) =>
    ofEach('AWS::SNS::TopicPolicy', ({ Topics, PolicyDocument }, { stack }) => {
      const isTold = (alarm: PlacedResource): boolean =>
        listOf(alarm.properties.AlarmActions).some((action) => {
          const told = follow(assembly, alarm.stack, action);
          return listOf(Topics).some((topic) => {
            const mine = follow(assembly, stack, topic);
            return told !== undefined && told.id === mine?.id && told.stack.name === mine.stack.name;
          });
        });
      const lets = statementsOf(PolicyDocument).some(
        ({ effect, principal, actions }) =>
          effect === 'Allow' &&
          listOf(at(principal, 'Service')).includes('cloudwatch.amazonaws.com') &&
          actions.includes('sns:Publish'),
      );
      return lets || !alarmsOf(assembly).some(isTold) ? undefined : 'does not let CloudWatch publish its alarms';
    })(assembly),
};

/** Runbooks that no alarm of any of the environments leads to. */
export function unusedRunbooks(runbooks: ReadonlySet<string>, assemblies: readonly Assembly[]): string[] {
  const used = new Set(assemblies.flatMap(alarmsOf).map(({ properties }) => runbookIn(properties.AlarmDescription)));
  return [...runbooks].filter((runbook) => !used.has(runbook)).sort();
}
