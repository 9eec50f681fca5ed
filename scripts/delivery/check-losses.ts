import type { AssembledStack, Assembly, Template } from '../../lib/assembly/assembly';
import type { AcceptedLoss } from '../../lib/config/accepted-losses';
import { findLosses, type Loss } from './find-losses';

/** The template that a stack has now; undefined where there is no such stack yet. */
export type DeployedTemplate = (stack: AssembledStack) => Promise<Template | undefined>;

export type GateReport = { readonly refused: readonly string[]; readonly accepted: readonly string[] };

/** Compares every stack of an assembly with what is deployed, and says what would be lost in a line each. */
export async function checkLosses(
  { stacks }: Pick<Assembly, 'stacks'>,
  deployed: DeployedTemplate,
  acceptedLosses: readonly AcceptedLoss[],
): Promise<GateReport> {
  const refused: string[] = [];
  const accepted: string[] = [];
  for (const stack of stacks) {
    const before = await deployed(stack);
    for (const loss of before ? findLosses(before, stack.template) : []) {
      const acceptance = acceptedLosses.find(
        ({ stack: name, logicalId }) => name === stack.name && logicalId === loss.logicalId,
      );
      if (acceptance) accepted.push(`${lineOf(stack, loss)}: ${acceptance.because}`);
      else refused.push(lineOf(stack, loss));
    }
  }
  return { refused, accepted };
}

const lineOf = ({ name, paths }: AssembledStack, { logicalId, type, what }: Loss): string =>
  `${name}: ${type} ${logicalId}${paths.has(logicalId) ? ` (${paths.get(logicalId)})` : ''} ${what}`;
