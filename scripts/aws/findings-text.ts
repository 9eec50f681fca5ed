import type { Acknowledgement } from '../../lib/assembly/assembly';
import type { Finding } from './rule-packs';

/** One paragraph a rule: what it wants, where it is not so, and how to accept it. */
export function findingsText(findings: readonly Finding[]): string {
  const groups = Map.groupBy(findings, ({ acknowledgeWith }) => acknowledgeWith);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, group]) => {
      const [{ description = '', severity = '' } = {}] = group;
      const paths = [...new Set(group.map(({ path }) => path))].map((path) => `    ${path}`);
      const accept = `    accept: Validations.of(construct).acknowledge({ id: '${id}', reason: '…' })`;
      return [`  ${severity} ${id}: ${description}`, ...paths, accept].join('\n');
    })
    .join('\n');
}

/** What was accepted, one paragraph a rule; the same reason at several places is said once. */
export function acknowledgementsText(acknowledgements: readonly Acknowledgement[]): string {
  const groups = Map.groupBy(acknowledgements, ({ id, reason }) => `  ${id}: ${reason}`);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([head, group]) => [head, ...new Set(group.map(({ path }) => `    ${path}`))].join('\n'))
    .join('\n');
}
