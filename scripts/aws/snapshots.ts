import type { Assembly } from '../../lib/assembly/assembly';
import { templateText } from '../../lib/assembly/template-text';

/** A file for each stack (`<environment>/<part>.yaml`) and what it says. */
export const snapshotsOf = ({ environment, stacks }: Assembly): Map<string, string> =>
  new Map(stacks.map((stack) => [`${environment}/${stack.part}.yaml`, templateText(stack)]));
