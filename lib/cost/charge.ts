import type { Assembly, PlacedResource } from '../assembly/assembly';
import type { Usage } from './usage';

/** So many units at one price of the list. */
export type Charge = { readonly price: string; readonly quantity: number; readonly what?: string };

/** What is known of a resource when its charges are counted. */
export type Priced = PlacedResource & { readonly assembly: Assembly; readonly usage: Usage };
/** @throws Unpriced when the resource costs, and nobody can say how much */
export type Pricer = (resource: Priced) => readonly Charge[];

/** Costs money, but how much cannot be said: it is named in the estimate, and never taken for 0. */
export class Unpriced extends Error {}
