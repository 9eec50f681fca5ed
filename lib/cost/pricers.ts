import type { Pricer } from './charge';
import { computePricers } from './compute-prices';
import { dataPricers } from './data-prices';
import { edgePricers } from './edge-prices';
import { metricPricers } from './metric-prices';
import { upkeepPricers } from './upkeep-prices';

/** How each type that costs money is charged, by its type. */
export const pricers: Readonly<Record<string, Pricer>> = {
  ...computePricers,
  ...dataPricers,
  ...edgePricers,
  ...metricPricers,
  ...upkeepPricers,
};
