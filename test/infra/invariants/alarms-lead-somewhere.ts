import { type Assembly, type PlacedResource, resourcesOf } from '../../../lib/assembly/assembly';
import { at, follow, listOf, type Rule, type Violation } from './rule';

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

/** Runbooks that no alarm of any of the environments leads to. */
export function unusedRunbooks(runbooks: ReadonlySet<string>, assemblies: readonly Assembly[]): string[] {
  const used = new Set(assemblies.flatMap(alarmsOf).map(({ properties }) => runbookIn(properties.AlarmDescription)));
  return [...runbooks].filter((runbook) => !used.has(runbook)).sort();
}
