import type { Environment } from './environment';
import type { Must } from './faults';

/** At most so long, as buckets of a standby are named after it. */
const environmentName = /^[a-z][a-z0-9-]{0,14}[a-z0-9]$/;
const regionName = /^[a-z]{2}(-[a-z]+)+-\d$/;
/**
 * Of the partition that CloudFront, its certificates and the ARNs in these literals are of: regions of others have a further
 * word, or are China's.
 */
const commercialRegion = /^(?!cn-)[a-z]{2}-[a-z]+-\d$/;
const domainName = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/;

/** Its region and account. */
const connectionOf = /^arn:aws:(?:codeconnections|codestar-connections):([a-z0-9-]+):(\d{12}):connection\/\S+$/;

/** Whose it is, where, and under which names. */
export function checkPlace({ name, account, region, domain, alarmEmails }: Environment, must: Must): void {
  must(environmentName.test(name), 'name', name, '2 to 16 small letters, digits and hyphens');
  must(account === undefined || /^\d{12}$/.test(account), 'account', account, 'twelve digits');
  checkRegion('region', region, must);
  must(domainName.test(domain.name), 'domain.name', domain.name, 'a domain, as in kolate.example.com');
  const { hostedZoneId } = domain;
  const isZone = hostedZoneId === undefined || /^Z[A-Z0-9]{5,31}$/.test(hostedZoneId);
  must(isZone, 'domain.hostedZoneId', hostedZoneId, 'the id of a zone, as in Z0123456789ABC');
  for (const email of alarmEmails) must(/^\S+@\S+$/.test(email), 'alarmEmails', email, 'an address of mail');
}

/** Whether AWS has it is left to the CDK (check-regions.ts). */
function checkRegion(what: string, region: string, must: Must): void {
  must(regionName.test(region), what, region, 'a region, as in us-east-1');
  const words = 'a region of the partition aws: those of China, GovCloud and other partitions are not supported';
  must(!regionName.test(region) || commercialRegion.test(region), what, region, words);
}

/** What a second region asks of the literal itself; what both have to say alike: check-together.ts. */
export function checkPeer({ name, peer, region, domain, storage, backup, edge }: Environment, must: Must): void {
  if (peer?.role === 'primary') {
    must(!storage.replicate, 'storage.replicate', storage.replicate, 'false in a standby, which is copied to');
    must(!backup.copyToPeer, 'backup.copyToPeer', backup.copyToPeer, 'false in a standby, which is copied to');
    const expected = 'the zone that the primary made, as the standby makes none';
    must(domain.hostedZoneId !== undefined, 'domain.hostedZoneId', domain.hostedZoneId, expected);
  }
  if (peer) {
    const isOther = environmentName.test(peer.name) && peer.name !== name;
    must(isOther, 'peer.name', peer.name, `the name of another environment than ${name}`);
    checkRegion('peer.region', peer.region, must);
    must(peer.region !== region, 'peer.region', peer.region, `not ${region}`);
    return;
  }
  must(edge.routing === 'failover', 'edge.routing', edge.routing, 'failover without a peer');
  must(!storage.replicate, 'storage.replicate', storage.replicate, 'false without a peer');
  must(!backup.copyToPeer, 'backup.copyToPeer', backup.copyToPeer, 'false without a peer');
}

/** The pipeline is where its environment is, and is told of commits by a connection there. */
export function checkDelivery({ delivery, region, account }: Environment, must: Must): void {
  if (!delivery) return;
  const { connectionArn, repository, branch } = delivery;
  const connection = connectionOf.exec(connectionArn);
  must(connection !== null, 'delivery.connectionArn', connectionArn, 'the ARN of a source connection');
  if (connection) {
    const [, where, whose] = connection;
    must(where === region, 'delivery.connectionArn', connectionArn, `a connection in ${region}, where the pipeline is`);
    const isOwn = account === undefined || whose === account;
    must(isOwn, 'delivery.connectionArn', connectionArn, `a connection of ${account}, whose pipeline it is`);
  }
  must(/^[^/\s]+\/[^/\s]+$/.test(repository), 'delivery.repository', repository, 'owner/name');
  must(/^\S+$/.test(branch), 'delivery.branch', branch, 'a branch');
}
