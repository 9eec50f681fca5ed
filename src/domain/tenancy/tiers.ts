import { type TierDefinition, tiers } from '../../contracts/tiers';

const byName: ReadonlyMap<string, TierDefinition> = new Map(tiers.map((tier) => [tier.name, tier]));

/** The tier of that name, or undefined. */
export const findTier = (name: string): TierDefinition | undefined => byName.get(name);
