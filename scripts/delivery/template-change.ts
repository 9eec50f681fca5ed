import { fullDiff, ResourceImpact } from '@aws-cdk/cloudformation-diff';
import type { Template } from '../../lib/assembly/assembly';
import { findLosses } from './find-losses';

/** What differs between two templates, and what of a stack's state an update from one to the other would lose. */
export type TemplateChange = { readonly lines: readonly string[]; readonly losses: readonly string[] };

const impacts: Readonly<Partial<Record<ResourceImpact, string>>> = {
  [ResourceImpact.WILL_REPLACE]: ' (replaces it)',
  [ResourceImpact.MAY_REPLACE]: ' (may replace it)',
};

export function templateChange(before: Template, after: Template): TemplateChange {
  const lines: string[] = [];
  const diff = fullDiff({ ...before }, { ...after });
  diff.resources.forEachDifference((id, change) => {
    const [was, is] = [before.Resources[id], after.Resources[id]];
    if (!is) return lines.push(`- ${id} (${was?.Type}) is removed`);
    if (!was) return lines.push(`+ ${id} (${is.Type}) is added`);
    const causes = Object.entries(change.propertyUpdates).map(
      ([name, { changeImpact }]) => name + (changeImpact === undefined ? '' : (impacts[changeImpact] ?? '')),
    );
    return lines.push(`~ ${id} (${is.Type}): ${causes.join(', ') || 'what surrounds its properties'}`);
  });
  for (const section of ['parameters', 'conditions', 'outputs'] as const) {
    diff[section].forEachDifference((name, { isAddition, isRemoval }) =>
      lines.push(`${isAddition ? '+' : isRemoval ? '-' : '~'} ${name} of the ${section}`),
    );
  }
  return {
    lines,
    losses: findLosses(before, after).map(({ logicalId, type, what }) => `${logicalId} (${type}) ${what}`),
  };
}
