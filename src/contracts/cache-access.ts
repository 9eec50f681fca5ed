/** What every key of the platform's own in the shared Valkey begins with on AWS. Tenants that share it have others. */
export const coreKeyPrefix = 'core:';

/** What the ids of tenants' users there begin with. */
export const tenantUserPrefix = 't-';

/** ACL of the user with whom services come in: their own keys, no administration. `TIME` is for the script of the limits. */
export const coreCacheAccess = `on ~${coreKeyPrefix}* resetchannels -@all +@read +@write +@connection +@scripting +time -@dangerous`;
