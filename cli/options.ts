import { InvalidArgumentError, Option } from 'commander';

/** A whole number of at least `minimum`. */
export const wholeNumber =
  (minimum: number, maximum = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`needs a whole number from ${minimum}${maximum < 1e15 ? ` to ${maximum}` : ''}`);
  };

export const waitOption = () => new Option('--wait', 'wait until it has ended; progress goes to standard error');
export const timeoutOption = (seconds = 600, what = 'how long --wait waits') =>
  new Option('--timeout <seconds>', what).argParser(wholeNumber(1)).default(seconds);

export type ListOptions = {
  readonly limit?: number;
  readonly cursor?: string;
  readonly filter?: string;
  readonly sort?: string;
};
export const listOptions = (): Option[] => [
  new Option('--limit <n>', 'at most so many').argParser(wholeNumber(1, 200)),
  new Option('--cursor <cursor>', 'go on where a page ended'),
  new Option('--filter <field:value>', 'only those; several joined by commas'),
  new Option('--sort <field>', 'by this field; descending with - before it'),
];
/** The part of `options` that the API's lists take. */
export const listQuery = ({ limit, cursor, filter, sort }: ListOptions) => ({ limit, cursor, filter, sort });

/** Adds the hint to a page's table that there is more. */
export const withCursor = (table: string, nextCursor: string | undefined): string =>
  nextCursor ? `${table}\n\nthere is more: --cursor ${nextCursor}` : table;
