import { fullDiff, ResourceImpact } from '@aws-cdk/cloudformation-diff';
import type { Template, TemplateResource } from '../../lib/assembly/assembly';
import { statefulTypes } from '../../lib/assembly/stateful-types';

/** A stateful resource that would not be the same one after a deployment. */
export type Loss = { readonly logicalId: string; readonly type: string; readonly what: string };

const keeping = ['Retain', 'RetainExceptOnCreate', 'Snapshot'];
const replacing: readonly (ResourceImpact | undefined)[] = [ResourceImpact.WILL_REPLACE, ResourceImpact.MAY_REPLACE];

/**
 * What of the stateful resources a deployment of `after` over `before` would remove, replace or stop keeping. A removed
 * resource that is retained counts: its data is then nobody's. "May be replaced" counts too: nobody has looked.
 */
export function findLosses(before: Template, after: Template): Loss[] {
  const losses: Loss[] = [];
  fullDiff({ ...before }, { ...after }).resources.forEachDifference((logicalId, change) => {
    const was = before.Resources[logicalId];
    if (!was || !statefulTypes.has(was.Type)) return;
    const lose = (what: string) => losses.push({ logicalId, type: was.Type, what });
    const is = after.Resources[logicalId];
    if (!is) return lose('is removed');
    if (is.Type !== was.Type) return lose(`becomes an ${is.Type}`);
    const causes = Object.entries(change.propertyUpdates)
      .filter(([, { changeImpact }]) => replacing.includes(changeImpact))
      .map(([name]) => name);
    if (causes.length > 0) lose(`is replaced, or may be, by a change of ${causes.join(', ')}`);
    else if (replacing.includes(change.changeImpact)) lose('is replaced, or may be');
    if (isKept(was) && !isKept(is)) lose('is no longer kept when its stack goes or replaces it');
  });
  return losses;
}

const isKept = ({ DeletionPolicy = 'Delete', UpdateReplacePolicy = 'Delete' }: TemplateResource): boolean =>
  keeping.includes(DeletionPolicy) && keeping.includes(UpdateReplacePolicy);
