import type { Assembly } from '../../lib/assembly/assembly';
import { templateText } from '../../lib/assembly/template-text';

/** A file for each stack, and for the template of tenants (`<environment>/<part>.yaml`) and what it says. */
export const snapshotsOf = ({ environment, stacks, tenant }: Assembly): Map<string, string> =>
  new Map(
    [...stacks, ...(tenant ? [tenant] : [])].map((stack) => [`${environment}/${stack.part}.yaml`, templateText(stack)]),
  );
