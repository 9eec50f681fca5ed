/** The private zone of a region's network in which the engines of tenants have their names. */
export const tenantZone = 'tenants.kolate.internal';

/** What the engines of one tenant are called, and what their certificate is for. */
export const tenantHost = (tenantId: string): string => `${tenantId}.${tenantZone}`;

/**
 * Where each of several members has its engines. The first is called as the engines of a tenant are that has one member.
 * @param member from 1
 */
export const tenantMemberHost = (tenantId: string, member: number): string =>
  member === 1 ? tenantHost(tenantId) : `${tenantId}-${member}.${tenantZone}`;

/** How many members of each engine there may be: with two of three the tenant goes on, with two of two it would not. */
export const memberCounts = [1, 3] as const;
export type MemberCount = (typeof memberCounts)[number];

/** How many members the engines of a tenant of a tier have on AWS; on one machine they have one. */
export const tierMembers: Readonly<Record<'shared-cell' | 'dedicated', MemberCount>> = {
  'shared-cell': 1,
  dedicated: 3,
};

const isOf = (tier: string): tier is keyof typeof tierMembers => Object.hasOwn(tierMembers, tier);
export const membersOf = (tier: string): MemberCount => (isOf(tier) ? tierMembers[tier] : 1);

/** Of as many as there are. */
export const tenantMemberHosts = (tenantId: string, members: MemberCount): readonly string[] =>
  Array.from({ length: members }, (_, at) => tenantMemberHost(tenantId, at + 1));

/** Where the Sentinel beside each of several Valkeys of a tenant listens. */
export const sentinelPort = 26_379;

/** Where they listen. */
export const enginePorts = { postgres: 5_432, mongo: 27_017, valkey: 6_379 } as const;

/** What members of one tenant say to one another, by what it is for: first port, last port. */
export const memberPorts = [
  ['Etcd', 2_379, 2_380],
  ['Postgres', enginePorts.postgres, enginePorts.postgres],
  ['Patroni', 8_008, 8_008],
  ['Valkey', enginePorts.valkey, enginePorts.valkey],
  ['Sentinel', sentinelPort, sentinelPort],
] as const;
