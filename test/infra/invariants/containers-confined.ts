import { type Assembly, resourcesOf } from '../../../lib/assembly/assembly';
import { at, listOf, type Rule, type Violation } from './rule';

const isRoot = (user: unknown): boolean => user === undefined || /^(root|0)(:|$)/.test(String(user));

/** Every container, sidecars and init containers too: read-only root, no root user, no privileges, a log. */
export const containersConfined: Rule = {
  name: 'containers-confined',
  check: (assembly: Assembly) =>
    resourcesOf(assembly, 'AWS::ECS::TaskDefinition').flatMap((task) =>
      listOf(task.properties.ContainerDefinitions).flatMap((container): Violation[] => {
        const name = `has a container ${String(at(container, 'Name'))} `;
        return [
          ...(at(container, 'ReadonlyRootFilesystem') === true ? [] : ['that may write to its root']),
          ...(isRoot(at(container, 'User')) ? ['that runs as root'] : []),
          ...(at(container, 'Privileged') === true ? ['with privileges'] : []),
          ...(at(container, 'LogConfiguration') === undefined ? ['whose output nobody keeps'] : []),
        ].map((says) => ({ at: task, says: name + says }));
      }),
    ),
};
