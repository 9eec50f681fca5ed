import { checkDelivery, checkPeer, checkPlace } from './check-place';
import { checkServices } from './check-services';
import { type Environment, Environment as EnvironmentSchema } from './environment';
import { checkAll, type Must, stopAt } from './faults';
import { isInstanceType } from './instance-types';
import { isBlock, isPrivate, prefixOf } from './ipv4-block';
import { isWhole } from './is-whole';
import { settingFaults } from './setting-faults';
import { checkSharedCells } from './shared-cell';

/** API Gateway's quota for an account and region, unless it was raised. */
const accountRates = 'a rate of 1 to 10000 and a burst of 1 to 5000, the quota of an account';

/**
 * Stops synthesis at a literal that is none, whatever no compiler has said of it, and at values that no deployment could
 * work with: first the kinds of all settings, then their values.
 * @throws Error with what, got, expected, a line for each fault
 */
export function checkEnvironment(environment: Environment): Environment {
  stopAt(settingFaults(EnvironmentSchema, environment));
  checkAll((must) => {
    checkPlace(environment, must);
    checkNetwork(environment, must);
    checkEdge(environment, must);
    checkMessaging(environment, must);
    checkCoreData(environment, must);
    checkSearch(environment, must);
    checkRetention(environment, must);
    checkSharedCells(environment.sharedCells, must);
    checkObservability(environment, must);
    checkPeer(environment, must);
    checkDelivery(environment, must);
    checkServices(environment, must);
  });
  return environment;
}

function checkNetwork({ network }: Environment, must: Must): void {
  const { cidr, zones, natGateways } = network;
  must(zones.length >= 2, 'network.zones', zones, 'two or more zones');
  must(
    zones.every((zone) => /^[a-z]$/.test(zone)),
    'network.zones',
    zones,
    'their letters, as in a',
  );
  must(new Set(zones).size === zones.length, 'network.zones', zones, 'each zone once');
  // A zone takes 1,536 addresses, at boundaries of 1,024.
  const smallest = zones.length === 2 ? 20 : 19;
  const blocks = `an IPv4 block of /16 to /${smallest} for ${zones.length} zones`;
  must(isBlock(cidr) && isWhole(prefixOf(cidr), 16, smallest), 'network.cidr', cidr, blocks);
  const ranges = 'a block of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10, which are nobody’s';
  must(!isBlock(cidr) || isPrivate(cidr), 'network.cidr', cidr, ranges);
  const expected = `1 to ${zones.length}, one a zone at most`;
  must(isWhole(natGateways, 1, zones.length), 'network.natGateways', natGateways, expected);
}

function checkEdge({ edge, region }: Environment, must: Must): void {
  const { allowedCidrs, deniedCidrs, requestsPerFiveMinutes, originCertificateArn } = edge;
  for (const cidr of [...allowedCidrs, ...deniedCidrs]) {
    must(isBlock(cidr) && prefixOf(cidr) > 0, 'edge cidrs', cidr, 'IPv4 blocks of /1 to /32, as WAF has them');
  }
  const both = allowedCidrs.filter((cidr) => deniedCidrs.includes(cidr));
  must(both.length === 0, 'edge.deniedCidrs', both, 'no block that edge.allowedCidrs has');
  const expected = '10 to 2000000000, as WAF has it';
  must(
    isWhole(requestsPerFiveMinutes, 10, 2_000_000_000),
    'edge.requestsPerFiveMinutes',
    requestsPerFiveMinutes,
    expected,
  );
  for (const [name, { ratePerSecond, burst }] of Object.entries(edge.throttling)) {
    must(isWhole(ratePerSecond, 1, 10_000), `edge.throttling.${name}.ratePerSecond`, ratePerSecond, accountRates);
    must(isWhole(burst, 1, 5_000), `edge.throttling.${name}.burst`, burst, accountRates);
  }
  for (const [tier, count] of Object.entries(edge.tenantsAtFullRate)) {
    must(isWhole(count, 1, 10_000), `edge.tenantsAtFullRate.${tier}`, count, '1 to 10000');
  }
  const arn = originCertificateArn ?? 'arn:aws:acm:us-east-1:';
  must(
    arn.startsWith('arn:aws:acm:us-east-1:'),
    'edge.originCertificateArn',
    arn,
    `a certificate in us-east-1, also where the platform is in ${region}`,
  );
}

function checkMessaging({ messaging, network }: Environment, must: Must): void {
  const { brokers, instanceType, brokerCount, diskGib } = messaging;
  const zones = network.zones.length;
  const prefix = brokers === 'express' ? 'express.' : 'kafka.';
  const types = `${prefix}… with ${brokers} brokers, as in ${prefix}m7g.large`;
  must(isInstanceType(instanceType, prefix), 'messaging.instanceType', instanceType, types);
  if (brokers === 'express') must(zones === 3, 'network.zones', network.zones, 'three zones with express brokers');
  const counts = `a multiple of the ${zones} zones`;
  must(brokerCount >= zones && brokerCount % zones === 0, 'messaging.brokerCount', brokerCount, counts);
  if (brokers === 'express') must(diskGib === undefined, 'messaging.diskGib', diskGib, 'none with express brokers');
  else must(isWhole(diskGib ?? 0, 1, 16_384), 'messaging.diskGib', diskGib, '1 to 16384 with standard brokers');
}

function checkCoreData({ coreData }: Environment, must: Must): void {
  const { backupDays, postgres, documents, cache } = coreData;
  must(isWhole(backupDays, 7, 35), 'coreData.backupDays', backupDays, '7 to 35');
  const { minAcu, maxAcu, readers } = postgres;
  const isHalf = (acu: number): boolean => Number.isInteger(acu * 2) && acu >= 0 && acu <= 256;
  must(isHalf(minAcu), 'coreData.postgres.minAcu', minAcu, '0 to 256 in steps of 0.5');
  must(isHalf(maxAcu) && maxAcu >= 1, 'coreData.postgres.maxAcu', maxAcu, '1 to 256 in steps of 0.5');
  must(minAcu <= maxAcu, 'coreData.postgres.minAcu', minAcu, `at most maxAcu, ${maxAcu}`);
  must(isWhole(readers, 0, 15), 'coreData.postgres.readers', readers, '0 to 15');
  const { instanceType } = documents;
  const isType = isInstanceType(instanceType);
  must(isType, 'coreData.documents.instanceType', instanceType, 'a type without db., as in r6g.large');
  must(isWhole(documents.instances, 1, 16), 'coreData.documents.instances', documents.instances, '1 to 16');
  const { nodeType } = cache;
  must(isInstanceType(nodeType, 'cache.'), 'coreData.cache.nodeType', nodeType, 'a type as in cache.m7g.large');
  must(isWhole(cache.replicas, 0, 5), 'coreData.cache.replicas', cache.replicas, '0 to 5');
}

function checkSearch({ search, network }: Environment, must: Must): void {
  const { instanceType, nodes, diskGib, masterType } = search;
  const zones = network.zones.length;
  for (const [name, type] of Object.entries({ instanceType, masterType })) {
    const isType = type === undefined || (type.endsWith('.search') && isInstanceType(type.slice(0, -'.search'.length)));
    must(isType, `search.${name}`, type, 'a type of OpenSearch, as in r7g.large.search');
  }
  const spread = nodes === 1 || (nodes > 0 && nodes % zones === 0);
  must(Number.isInteger(nodes) && spread, 'search.nodes', nodes, `1 or a multiple of the ${zones} zones`);
  must(nodes > 1 || masterType === undefined, 'search.masterType', masterType, 'none where one node does everything');
  must(isWhole(diskGib, 10, 1_024), 'search.diskGib', diskGib, '10 to 1024');
}

function checkRetention({ storage, backup }: Environment, must: Must): void {
  const { replicate: _replicate, ...days } = storage;
  for (const [name, value] of Object.entries(days)) {
    must(isWhole(value, 1, 36_500), `storage.${name}`, value, 'a whole number of days from 1');
  }
  must(isWhole(backup.days, 1, 36_500), 'backup.days', backup.days, 'a whole number of days from 1');
  const { lockDays } = backup;
  if (lockDays !== undefined) must(isWhole(lockDays, 1, backup.days), 'backup.lockDays', lockDays, '1 to backup.days');
}

function checkObservability({ observability, peer }: Environment, must: Must): void {
  const minutes = observability.mainJobEveryMinutes;
  if (minutes === undefined) return;
  const what = 'observability.mainJobEveryMinutes';
  must(isWhole(minutes, 2, 60), what, minutes, '2 to 60, or nothing for never');
  must(peer?.role !== 'primary', what, minutes, 'nothing in a standby, whose tenants are the primary’s');
}
