import { type Estimate, type Line, sum } from './estimate';
import { priceList } from './price-list';
import type { Usage } from './usage';

const dollars = (usd: number): string =>
  usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const row = (usd: number, ...cells: readonly string[]): string => `${dollars(usd).padStart(12)}  ${cells.join('  ')}`;
const amount = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : 0 });

/** The estimate by stack, its largest lines first, with what was assumed and what is not in it. */
export function estimateText(name: string, { lines, unpriced }: Estimate, usage: Usage): string {
  const stacks = [...Map.groupBy(lines, ({ stack }) => stack)].sort(([, a], [, b]) => sum(b) - sum(a));
  return [
    `${name}: USD ${dollars(sum(lines))} a month, by the price list of ${priceList.region} of ${priceList.date}`,
    ...stacks.flatMap(([stack, all]) => ['', row(sum(all), stack), ...gathered(all)]),
    '',
    `With the usage of a month: ${usageText(usage)}`,
    `~ from memory, 20 % either way: USD ${dollars(sum(lines.filter(({ sure }) => !sure)))} of it`,
    ...unpricedText(unpriced),
  ].join('\n');
}

/** Equal charges of a stack in one line. */
function gathered(lines: readonly Line[]): string[] {
  return [...Map.groupBy(lines, ({ type, what, per }) => `${type} ${what} ${per}`).values()]
    .sort((a, b) => sum(b) - sum(a))
    .map((group) => {
      const [{ type = '', what = '', per = '', sure = true } = {}] = group;
      const quantity = group.reduce((total, line) => total + line.quantity, 0);
      return row(sum(group), `  ${type.replace('AWS::', '')} ${what}: ${amount(quantity)} × ${per}${sure ? '' : ' ~'}`);
    });
}

const usageText = (usage: Usage): string =>
  Object.entries(usage)
    .map(([name, value]) => `${name} ${amount(value)}`)
    .join(', ');

const unpricedText = (unpriced: Estimate['unpriced']): string[] =>
  unpriced.length === 0
    ? []
    : [
        '',
        'Costs money and is NOT in the sum:',
        ...unpriced.map(({ path, type, why }) => `  ${path} (${type}): ${why}`),
      ];

/** What changes between two estimates, by what is charged where. */
export function differenceText(before: Estimate, after: Estimate): string {
  const total = (lines: readonly Line[]): Map<string, number> =>
    new Map([...Map.groupBy(lines, ({ path, what }) => `${path} ${what}`)].map(([key, group]) => [key, sum(group)]));
  const [old, now] = [total(before.lines), total(after.lines)];
  const changes = [...new Set([...old.keys(), ...now.keys()])]
    .map((key) => ({ key, usd: (now.get(key) ?? 0) - (old.get(key) ?? 0) }))
    .filter(({ usd }) => Math.abs(usd) >= 0.005)
    .sort((a, b) => Math.abs(b.usd) - Math.abs(a.usd));
  const signed = (usd: number): string => `${usd > 0 ? '+' : ''}${dollars(usd)}`.padStart(12);
  return [
    `USD ${dollars(sum(before.lines))} → ${dollars(sum(after.lines))} a month (${signed(sum(after.lines) - sum(before.lines)).trim()})`,
    ...changes.map(({ key, usd }) => `${signed(usd)}  ${key}`),
    ...unpricedText(after.unpriced),
  ].join('\n');
}
