import type { App } from 'aws-cdk-lib';
import { checkEnvironment } from '../../../lib/config/check-environment';
import type { Environment } from '../../../lib/config/environment';
import { environmentNamed, environments } from '../../../lib/config/environments';
import { createApp } from '../../../lib/platform-app';
import { NetworkStack } from '../../../lib/stacks/network-stack';
import { SecurityStack } from '../../../lib/stacks/security-stack';
import { dev, prod, prodStandby } from '../../helpers/neutral-environments';

const changed = <K extends keyof Environment>(
  base: Environment,
  part: K,
  change: Partial<Environment[K]>,
): Environment => ({
  ...base,
  [part]: { ...(base[part] as object), ...(change as object) },
});
const withPredict = (change: Partial<Environment['services']['predict']>): Environment =>
  changed(dev, 'services', { predict: { ...dev.services.predict, ...change } });
const postgres = (change: Partial<Environment['coreData']['postgres']>): Environment =>
  changed(dev, 'coreData', { postgres: { ...dev.coreData.postgres, ...change } });
const delivery = {
  connectionArn: 'arn:aws:codeconnections:us-east-1:111111111111:connection/1f2e3d4c',
  repository: 'kolate/kolate',
  branch: 'main',
};
const peer = { name: 'prod-standby', region: 'us-west-2', role: 'standby' } as const;

/** What it is about, an environment that is refused, and with which words: what, got, expected. */
const refusals: readonly (readonly [string, Environment, string])[] = [
  ['a name that no stack could have', { ...dev, name: 'Dev' }, 'name is "Dev"; expected 2 to 16 small letters'],
  ['a name that no bucket could have', { ...dev, name: 'dev-' }, 'name is "dev-"; expected 2 to 16 small letters'],
  ['an account that is none', { ...dev, account: '12' }, 'account is "12"; expected twelve digits'],
  ['a region that is none', { ...dev, region: 'virginia' }, 'region is "virginia"; expected a region'],
  [
    'a domain that is none',
    { ...dev, domain: { name: 'kolate', hostedZoneId: undefined } },
    'domain.name is "kolate"; expected a domain',
  ],
  [
    'an address of mail that is none',
    { ...dev, alarmEmails: ['me'] },
    'alarmEmails is "me"; expected an address of mail',
  ],
  [
    'a main job that is done before the last one is',
    changed(dev, 'observability', { mainJobEveryMinutes: 1 }),
    'observability.mainJobEveryMinutes is 1; expected 2 to 60',
  ],
  [
    'a main job in a standby',
    changed(prodStandby, 'observability', { mainJobEveryMinutes: 5 }),
    'observability.mainJobEveryMinutes is 5; expected nothing in a standby',
  ],
  [
    'a search node of a type that is none of OpenSearch',
    changed(dev, 'search', { instanceType: 't3.small' }),
    'search.instanceType is "t3.small"; expected a type of OpenSearch',
  ],
  [
    'search nodes that leave a zone short',
    changed(prod, 'search', { nodes: 4 }),
    'search.nodes is 4; expected 1 or a multiple of the 3 zones',
  ],
  [
    'leaders of one search node',
    changed(prod, 'search', { nodes: 1 }),
    'search.masterType is "m7g.large.search"; expected none where one node does everything',
  ],
  ['a search disk that is none', changed(dev, 'search', { diskGib: 1 }), 'search.diskGib is 1; expected 10 to 1024'],
  ['one zone', changed(dev, 'network', { zones: ['a'] }), 'network.zones is ["a"]; expected two or more zones'],
  ['a zone by its name', changed(dev, 'network', { zones: ['a', 'us-east-1b'] }), 'expected their letters, as in a'],
  [
    'a zone twice',
    changed(dev, 'network', { zones: ['a', 'a'] }),
    'network.zones is ["a","a"]; expected each zone once',
  ],
  [
    'a block that is none',
    changed(dev, 'network', { cidr: '10.0.0.300/16' }),
    'network.cidr is "10.0.0.300/16"; expected an IPv4 block of /16 to /20 for 2 zones',
  ],
  [
    'a block by one of its hosts',
    changed(dev, 'network', { cidr: '10.40.0.1/16' }),
    'network.cidr is "10.40.0.1/16"; expected an IPv4 block of /16 to /20 for 2 zones',
  ],
  ...['11.0.0.0/16', '172.32.0.0/16', '192.169.0.0/16', '100.128.0.0/16', '8.8.0.0/16'].map(
    (cidr) =>
      [
        `a block of somebody on the internet, ${cidr}`,
        changed(dev, 'network', { cidr }),
        `network.cidr is "${cidr}"; expected a block of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10`,
      ] as const,
  ),
  [
    'a block that is too small',
    changed(prod, 'network', { cidr: '10.0.0.0/20' }),
    'expected an IPv4 block of /16 to /19 for 3 zones',
  ],
  [
    'no NAT gateway',
    changed(dev, 'network', { natGateways: 0 }),
    'network.natGateways is 0; expected 1 to 2, one a zone at most',
  ],
  [
    'more NAT gateways than zones',
    changed(dev, 'network', { natGateways: 3 }),
    'network.natGateways is 3; expected 1 to 2',
  ],
  [
    'an allowed block that is none',
    changed(dev, 'edge', { allowedCidrs: ['10.0.0.0'] }),
    'edge cidrs is "10.0.0.0"; expected IPv4 blocks',
  ],
  [
    'a denied block that is none',
    changed(dev, 'edge', { deniedCidrs: ['10.0.0.0/33'] }),
    'edge cidrs is "10.0.0.0/33"; expected IPv4 blocks',
  ],
  [
    'an allowed block by one of its hosts',
    changed(dev, 'edge', { allowedCidrs: ['192.0.2.5/24'] }),
    'edge cidrs is "192.0.2.5/24"; expected IPv4 blocks',
  ],
  [
    'a block both allowed and denied',
    changed(dev, 'edge', { allowedCidrs: ['1.2.3.0/24'], deniedCidrs: ['1.2.3.0/24'] }),
    'edge.deniedCidrs is ["1.2.3.0/24"]; expected no block that edge.allowedCidrs has',
  ],
  [
    'a rate that WAF does not take',
    changed(dev, 'edge', { requestsPerFiveMinutes: 9 }),
    'edge.requestsPerFiveMinutes is 9; expected 10 to 2000000000',
  ],
  [
    'an origin certificate elsewhere',
    changed(dev, 'edge', { originCertificateArn: 'arn:aws:acm:us-west-2:111111111111:certificate/x' }),
    'edge.originCertificateArn is "arn:aws:acm:us-west-2:111111111111:certificate/x"; expected a certificate in us-east-1',
  ],
  [
    'a rate that an account does not have',
    changed(dev, 'edge', { throttling: { ...dev.edge.throttling, control: { ratePerSecond: 0, burst: 1 } } }),
    'edge.throttling.control.ratePerSecond is 0; expected',
  ],
  [
    'a burst that an account does not have',
    changed(dev, 'edge', { throttling: { ...dev.edge.throttling, control: { ratePerSecond: 1, burst: 5_001 } } }),
    'edge.throttling.control.burst is 5001; expected',
  ],
  [
    'no tenant at its full rate',
    changed(dev, 'edge', { tenantsAtFullRate: { ...dev.edge.tenantsAtFullRate, pool: 0 } }),
    'edge.tenantsAtFullRate.pool is 0; expected 1 to 10000',
  ],
  [
    'two answering regions where there is one',
    changed(dev, 'edge', { routing: 'latency' }),
    'edge.routing is "latency"; expected failover without a peer',
  ],
  [
    'an instance of another kind of broker',
    changed(dev, 'messaging', { instanceType: 'express.m7g.large' }),
    'messaging.instanceType is "express.m7g.large"; expected kafka.… with standard brokers',
  ],
  ...['kafka.small', 'kafka.t3.smal', 'kafka.t3', 'kafka.db.t3.small', 't3.small'].map(
    (instanceType) =>
      [
        `brokers of a type that there cannot be, ${instanceType}`,
        changed(dev, 'messaging', { instanceType }),
        `messaging.instanceType is "${instanceType}"; expected kafka.… with standard brokers, as in kafka.m7g.large`,
      ] as const,
  ),
  ...['db.r6g.large', 'large', 'r6g.largest'].map(
    (instanceType) =>
      [
        `an instance for documents that there cannot be, ${instanceType}`,
        changed(dev, 'coreData', { documents: { instanceType, instances: 1 } }),
        `coreData.documents.instanceType is "${instanceType}"; expected a type without db., as in r6g.large`,
      ] as const,
  ),
  ...['m7g.large', 'cache.large', 'cache.m7g'].map(
    (nodeType) =>
      [
        `a node of the cache that there cannot be, ${nodeType}`,
        changed(dev, 'coreData', { cache: { nodeType, replicas: 0 } }),
        `coreData.cache.nodeType is "${nodeType}"; expected a type as in cache.m7g.large`,
      ] as const,
  ),
  [
    'hosts whose processor our images are not for',
    { ...dev, sharedCells: [{ id: 'a', instanceType: 'm7i.large', volumeGib: 100, volumeIops: 3_000 }] },
    'sharedCells.a.instanceType is "m7i.large"; expected a Graviton type',
  ],
  [
    'more operations a second than a small volume has',
    { ...dev, sharedCells: [{ id: 'a', instanceType: 'm7g.large', volumeGib: 10, volumeIops: 16_000 }] },
    'sharedCells.a.volumeIops is 16000; expected at most 500 a GiB, which is 5000 of 10 GiB',
  ],
  ...['us-gov-west-1', 'cn-north-1', 'us-iso-east-1', 'us-isob-east-1'].map(
    (region) =>
      [
        `a region of another partition, ${region}`,
        { ...dev, region },
        `region is "${region}"; expected a region of the partition aws: those of China, GovCloud and other`,
      ] as const,
  ),
  [
    'a peer in another partition',
    { ...prod, peer: { ...peer, region: 'us-gov-west-1' } },
    'peer.region is "us-gov-west-1"; expected a region of the partition aws',
  ],
  [
    'more tasks of the saga engine than partitions',
    changed(dev, 'services', { core: { ...dev.services.core, maxTasks: 7 } }),
    'services.core.maxTasks is 7; expected at most the 6 partitions that its tasks share',
  ],
  [
    'express brokers in two zones',
    { ...prod, network: { ...prod.network, zones: ['a', 'b'], natGateways: 2 } },
    'network.zones is ["a","b"]; expected three zones with express brokers',
  ],
  [
    'brokers that do not fill the zones',
    changed(prod, 'messaging', { brokerCount: 4 }),
    'messaging.brokerCount is 4; expected a multiple of the 3 zones',
  ],
  [
    'fewer brokers than zones',
    changed(dev, 'messaging', { brokerCount: 0 }),
    'messaging.brokerCount is 0; expected a multiple of the 2 zones',
  ],
  [
    'disks of express brokers',
    changed(prod, 'messaging', { diskGib: 10 }),
    'messaging.diskGib is 10; expected none with express brokers',
  ],
  [
    'standard brokers without disks',
    changed(dev, 'messaging', { diskGib: undefined }),
    'messaging.diskGib is undefined; expected 1 to 16384 with standard brokers',
  ],
  [
    'database backups for less than a week',
    changed(dev, 'coreData', { backupDays: 6 }),
    'coreData.backupDays is 6; expected 7 to 35',
  ],
  [
    'a third of a capacity unit',
    postgres({ minAcu: 0.3 }),
    'coreData.postgres.minAcu is 0.3; expected 0 to 256 in steps of 0.5',
  ],
  [
    'less than one capacity unit at most',
    postgres({ maxAcu: 0.5 }),
    'coreData.postgres.maxAcu is 0.5; expected 1 to 256 in steps of 0.5',
  ],
  [
    'more capacity at least than at most',
    postgres({ minAcu: 8, maxAcu: 4 }),
    'coreData.postgres.minAcu is 8; expected at most maxAcu, 4',
  ],
  ['more readers than Aurora has', postgres({ readers: 16 }), 'coreData.postgres.readers is 16; expected 0 to 15'],
  [
    'no instance for documents',
    changed(dev, 'coreData', { documents: { ...dev.coreData.documents, instances: 0 } }),
    'coreData.documents.instances is 0; expected 1 to 16',
  ],
  [
    'more replicas than the cache has',
    changed(dev, 'coreData', { cache: { ...dev.coreData.cache, replicas: 6 } }),
    'coreData.cache.replicas is 6; expected 0 to 5',
  ],
  [
    'exports for no day',
    changed(dev, 'storage', { exportDays: 0 }),
    'storage.exportDays is 0; expected a whole number of days from 1',
  ],
  [
    'batches for half a day',
    changed(dev, 'storage', { batchDays: 0.5 }),
    'storage.batchDays is 0.5; expected a whole number of days from 1',
  ],
  [
    'access logs for no day',
    changed(dev, 'storage', { accessLogDays: -1 }),
    'storage.accessLogDays is -1; expected a whole number',
  ],
  [
    'old models for no day',
    changed(dev, 'storage', { oldModelVersionDays: 0 }),
    'storage.oldModelVersionDays is 0; expected',
  ],
  [
    'backups for no day',
    changed(dev, 'backup', { days: 0 }),
    'backup.days is 0; expected a whole number of days from 1',
  ],
  [
    'a lock for longer than backups are kept',
    changed(prod, 'backup', { lockDays: 36 }),
    'backup.lockDays is 36; expected 1 to backup.days',
  ],
  [
    'copies of files to nowhere',
    changed(dev, 'storage', { replicate: true }),
    'storage.replicate is true; expected false without a peer',
  ],
  [
    'copies of backups to nowhere',
    changed(dev, 'backup', { copyToPeer: true }),
    'backup.copyToPeer is true; expected false without a peer',
  ],
  [
    'files that go back and forth',
    changed(prodStandby, 'storage', { replicate: true }),
    'storage.replicate is true; expected false in a standby',
  ],
  [
    'backups that go back and forth',
    changed(prodStandby, 'backup', { copyToPeer: true }),
    'backup.copyToPeer is true; expected false in a standby',
  ],
  [
    'a standby without the zone of its primary',
    { ...prodStandby, domain: { ...prod.domain, hostedZoneId: undefined } },
    'domain.hostedZoneId is undefined; expected the zone that the primary made',
  ],
  [
    'a peer in the same region',
    { ...prod, peer: { ...peer, region: 'us-east-1' } },
    'peer.region is "us-east-1"; expected not us-east-1',
  ],
  [
    'a peer that it is itself',
    { ...prod, peer: { ...peer, name: 'prod' } },
    'peer.name is "prod"; expected the name of another environment than prod',
  ],
  [
    'a connection that is none',
    { ...dev, delivery: { ...delivery, connectionArn: 'github' } },
    'delivery.connectionArn is "github"; expected the ARN of a source connection',
  ],
  [
    'a connection in another region than the pipeline',
    { ...dev, region: 'us-west-2', delivery },
    `delivery.connectionArn is "${delivery.connectionArn}"; expected a connection in us-west-2, where the pipeline is`,
  ],
  [
    'a connection of another account than the pipeline',
    { ...dev, account: '222222222222', delivery },
    `delivery.connectionArn is "${delivery.connectionArn}"; expected a connection of 222222222222, whose pipeline it is`,
  ],
  [
    'a repository without its owner',
    { ...dev, delivery: { ...delivery, repository: 'kolate' } },
    'delivery.repository is "kolate"; expected owner/name',
  ],
  ['no branch', { ...dev, delivery: { ...delivery, branch: '' } }, 'delivery.branch is ""; expected a branch'],
  [
    'a CPU that Fargate does not have',
    withPredict({ cpu: 300 }),
    'services.predict.cpu is 300; expected 256, 512, 1024',
  ],
  [
    'memory that does not go with the CPU',
    withPredict({ cpu: 256, memoryMib: 4_096 }),
    'services.predict.memoryMib is 4096; expected 512 to 2048 in steps of 512 with cpu 256',
  ],
  [
    'memory between the steps',
    withPredict({ memoryMib: 1_500 }),
    'services.predict.memoryMib is 1500; expected 1024 to 4096 in steps of 1024',
  ],
  ['a service without tasks', withPredict({ minTasks: 0 }), 'services.predict.minTasks is 0; expected 1 to 1000'],
  [
    'fewer tasks at most than at least',
    withPredict({ minTasks: 3, maxTasks: 2 }),
    'services.predict.maxTasks is 2; expected 3 to 1000',
  ],
  [
    'more than all tasks on Spot capacity',
    withPredict({ spotShare: 1.5 }),
    'services.predict.spotShare is 1.5; expected 0 to 1',
  ],
];

describe('an environment', () => {
  it.each(refusals)('is refused for %s', (_what, environment, words) => {
    expect(() => checkEnvironment(environment)).toThrow(`environment: ${words.startsWith('expected') ? '' : words}`);
    expect(() => checkEnvironment(environment)).toThrow(words);
  });

  it.each(environments.map((environment) => [environment.name, environment] as const))(
    'passes as it is in the repository: %s',
    (_name, environment) => {
      expect(checkEnvironment(environment)).toBe(environment);
    },
  );

  it.each(['us-west-2', 'ap-southeast-2', 'eu-central-1', 'il-central-1', 'mx-central-1'])(
    'may be in any region of the partition aws: %s',
    (region) => {
      expect(() => checkEnvironment({ ...dev, region })).not.toThrow();
    },
  );

  it('may have as many operations a second as its volumes do', () => {
    const cell = { id: 'a', instanceType: 'm7g.large', volumeGib: 10, volumeIops: 5_000 };
    expect(() => checkEnvironment({ ...dev, sharedCells: [cell] })).not.toThrow();
  });

  it('passes with a delivery and with the smallest network', () => {
    const smallest = changed({ ...dev, delivery }, 'network', { cidr: '10.0.0.0/20' });
    expect(checkEnvironment(smallest)).toBe(smallest);
  });

  it('is found by its name, and an unknown name is answered with the known ones', () => {
    expect(environmentNamed('prod')).toBe(environments.find(({ name }) => name === 'prod'));
    expect(() => environmentNamed('stage')).toThrow('expected dev or prod or prod-standby');
  });

  it.each([
    ['two zones', changed(dev, 'network', { cidr: '10.0.0.0/20' })],
    ['three zones', changed(prod, 'network', { cidr: '10.0.0.0/19' })],
  ])('fits its subnets into the smallest block that is not refused, with %s', (_zones, environment) => {
    checkEnvironment(environment);
    const app: App = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
    const { alarmTopic } = new SecurityStack(app, { environment });
    expect(() => new NetworkStack(app, { environment, alarmTopic })).not.toThrow();
  });
});
