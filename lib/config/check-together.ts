import { type Environment, Environment as EnvironmentSchema } from './environment';
import { checkAll, type Must, shown, stopAt } from './faults';
import { settingFaults } from './setting-faults';

/**
 * Stops where environments are told apart by nothing, or where more than one has the pipeline of all.
 * @throws Error with what, got, expected, a line for each fault
 */
export function checkTogether(environments: readonly Environment[]): void {
  const names = environments.map(({ name }) => name);
  const withDelivery = environments.filter(({ delivery }) => delivery !== undefined).map(({ name }) => name);
  checkAll((must) => {
    must(new Set(names).size === names.length, 'name of the environments', names, 'each name once');
    const one = 'one environment that has it, as its pipeline deploys all of them';
    must(withDelivery.length <= 1, 'delivery of the environments', withDelivery, one);
  });
}

/**
 * Stops where a primary and its standby do not say the same of each other: each is an app of its own, so that nothing else
 * holds them together.
 * @throws Error with what, got, expected, a line for each fault
 */
export function checkPeers(environment: Environment, environments: readonly Environment[]): void {
  const { name, peer } = environment;
  const others = environments.filter((other) => other.name !== name);
  const claims = others.find((other) => other.peer?.name === name);
  checkAll((must) => must(peer !== undefined || !claims, 'peer', peer, `${claims?.name}, whose peer is ${name}`));
  if (!peer) return;
  const other = others.find((one) => one.name === peer.name);
  const known = others.map((one) => one.name).join(' or ');
  checkAll((must) => must(other !== undefined, 'peer.name', peer.name, known));
  if (!other) return;
  stopAt(settingFaults(EnvironmentSchema, other, other.name));
  checkAll((must) => {
    checkMutual(environment, peer, other, must);
    checkShared(environment, other, must);
  });
}

/** What each says of the other. */
function checkMutual({ name, region }: Environment, peer: Peer, other: Environment, must: Must): void {
  const back = other.peer;
  must(back?.name === name, `${other.name}.peer.name`, back?.name, `${name}, whose peer it is`);
  must(peer.region === other.region, 'peer.region', peer.region, `${other.region}, where ${other.name} is`);
  if (!back) return;
  must(back.region === region, `${other.name}.peer.region`, back.region, `${region}, where ${name} is`);
  const role = back.role === 'primary' ? 'standby' : 'primary';
  must(peer.role === role, 'peer.role', peer.role, `${role}, as ${name} is the ${back.role} of ${other.name}`);
}

/** What both have to have alike: one domain in one zone, and buckets and vaults of one account. */
function checkShared(environment: Environment, other: Environment, must: Must): void {
  const { account, domain, edge, peer } = environment;
  const like = (value: unknown): string => `that of ${other.name}, ${shown(value)}`;
  must(account === other.account, 'account', account, like(other.account));
  must(domain.name === other.domain.name, 'domain.name', domain.name, like(other.domain.name));
  must(edge.routing === other.edge.routing, 'edge.routing', edge.routing, like(other.edge.routing));
  const [primary, standby] = peer?.role === 'standby' ? [domain, other.domain] : [other.domain, domain];
  const isOne = primary.hostedZoneId === undefined || primary.hostedZoneId === standby.hostedZoneId;
  must(isOne, 'domain.hostedZoneId', domain.hostedZoneId, like(other.domain.hostedZoneId));
}

type Peer = NonNullable<Environment['peer']>;
