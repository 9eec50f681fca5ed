import { type Assembly, pathOf, resourcesOf } from '../assembly/assembly';
import { type Charge, Unpriced } from './charge';
import { isFree } from './free-types';
import { type PriceList, priceList } from './price-list';
import { pricers } from './pricers';
import type { Usage } from './usage';

export type Line = {
  readonly stack: string;
  readonly path: string;
  readonly type: string;
  readonly what: string;
  readonly quantity: number;
  readonly per: string;
  readonly usd: number;
  readonly sure: boolean;
};
export type Estimate = {
  readonly lines: readonly Line[];
  /** Cost money and are not in the sum. */
  readonly unpriced: readonly { readonly path: string; readonly type: string; readonly why: string }[];
};

/** US dollars a month, a line for each thing that is charged. */
export function estimate(assembly: Assembly, usage: Usage, list: PriceList = priceList): Estimate {
  const lines: Line[] = [];
  const unpriced: { path: string; type: string; why: string }[] = [];
  for (const resource of resourcesOf(assembly)) {
    const type = resource.resource.Type;
    const at = { stack: resource.stack.part, path: pathOf(resource), type };
    const price = pricers[type];
    try {
      if (price)
        lines.push(...price({ ...resource, assembly, usage }).map((charge) => ({ ...at, ...lineOf(charge, list) })));
      else if (!isFree(type)) throw new Unpriced(`lib/cost does not know the type ${type}`);
    } catch (error) {
      if (!(error instanceof Unpriced)) throw error;
      unpriced.push({ path: at.path, type, why: error.message });
    }
  }
  return { lines: lines.filter(({ usd }) => usd > 0), unpriced };
}

function lineOf({ price: name, quantity, what = name }: Charge, { prices, region }: PriceList) {
  const price = prices[name];
  if (!price) throw new Unpriced(`the price list of ${region} has no price "${name}"`);
  return { what, quantity, per: price.per, usd: quantity * price.usd, sure: price.sure };
}

export const sum = (lines: readonly { readonly usd: number }[]): number =>
  lines.reduce((total, { usd }) => total + usd, 0);
