import { type Assembly, resourcesOf } from '../../../lib/assembly/assembly';
import { at, listOf, type Rule, type Violation } from './rule';

/** An environment contract: names to schemas, and which of them have to be there. */
export type EnvContract = {
  readonly properties: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
};

const namesIn = (container: unknown): string[] =>
  [...listOf(at(container, 'Environment')), ...listOf(at(container, 'Secrets'))].map((entry) =>
    String(at(entry, 'Name')),
  );

/** What has no default. */
const neededBy = ({ properties, required = [] }: EnvContract): string[] =>
  required.filter((name) => !('default' in (properties[name] ?? {})));

/**
 * Every service runs, in a container of its name, with all variables that its contract needs, as values or as secrets, and
 * with none of ours that its contract does not know.
 */
export const environmentsComplete = (contracts: Readonly<Record<string, EnvContract>>): Rule => ({
  name: 'environments-complete',
  check: (assembly: Assembly) => {
    const tasks = resourcesOf(assembly, 'AWS::ECS::TaskDefinition');
    const containers = tasks.flatMap((task) =>
      listOf(task.properties.ContainerDefinitions).map((container) => ({
        task,
        container,
        name: String(at(container, 'Name')),
      })),
    );
    const nowhere = { stack: tasks[0]?.stack ?? assembly.stacks[0]!, id: 'Services' };
    const absent = Object.keys(contracts).filter((service) => !containers.some(({ name }) => name === service));
    return [
      ...absent.map((service) => ({ at: nowhere, says: `lack a container ${service}` })),
      ...containers.flatMap(({ task, container, name }): Violation[] => {
        const contract = contracts[name];
        if (!contract) return [];
        return differences(contract, namesIn(container)).map((says) => ({ at: task, says: `${name} ${says}` }));
      }),
    ];
  },
});

const differences = (contract: EnvContract, names: readonly string[]): string[] => [
  ...neededBy(contract)
    .filter((name) => !names.includes(name))
    .map((name) => `lacks ${name}`),
  ...names
    .filter((name) => name.startsWith('KOLATE_') && !(name in contract.properties))
    .map((name) => `has ${name}, which its contract does not know`),
];
