import list from './prices-us-east-1.json';

export type Price = { readonly per: string; readonly usd: number; readonly sure: boolean };
export type PriceList = {
  readonly region: string;
  readonly date: string;
  readonly note: string;
  readonly prices: Readonly<Record<string, Price>>;
};

export const priceList: PriceList = list;
export const hoursAMonth = 730;
