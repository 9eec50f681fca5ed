import { type Static, Type } from '@sinclair/typebox';
import { strict } from './http/common';

/** Stands in names for the id of a tenant that there is not yet. */
export const tenantPlaceholder = '<tenant id>';

/** Things of one kind that an operation would make. */
export const PlannedResource = Type.Object(
  {
    kind: Type.String({ description: 'a type of CloudFormation, or what it is on one machine' }),
    name: Type.String({ description: 'what they are called; what CloudFormation adds to a name is *' }),
    count: Type.Integer({ minimum: 1 }),
    where: Type.String(),
    usdPerMonth: Type.Optional(Type.Number({ minimum: 0, description: 'of all of them; absent where nobody charges' })),
  },
  strict,
);
export type PlannedResource = Static<typeof PlannedResource>;

export const PlannedCost = Type.Object(
  {
    usdPerMonth: Type.Number({ minimum: 0 }),
    region: Type.Optional(Type.String({ description: 'whose price list it is' })),
    priceDate: Type.Optional(Type.String({ description: 'of the price list' })),
    note: Type.String({ description: 'what is in the sum, and how sure it is' }),
  },
  strict,
);
export type PlannedCost = Static<typeof PlannedCost>;

/** What one more tenant of a tier brings, and what that costs. */
export const TierPlan = Type.Object(
  { tier: Type.String(), resources: Type.Array(PlannedResource), cost: PlannedCost },
  strict,
);
export type TierPlan = Static<typeof TierPlan>;

/** As infrastructure tells it to who answers for tenants: it knows the template and the prices, and services do not. */
export const TierPlans = Type.Array(TierPlan, { maxItems: 10 });
