/** The private zone of a region's network in which the engines of tenants have their names. */
export const tenantZone = 'tenants.kolate.internal';

/** What the engines of one tenant are called, and what their certificate is for. */
export const tenantHost = (tenantId: string): string => `${tenantId}.${tenantZone}`;

/** Where they listen. */
export const enginePorts = { postgres: 5_432, mongo: 27_017, valkey: 6_379 } as const;
