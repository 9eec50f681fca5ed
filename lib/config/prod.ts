import type { Environment } from './environment';

/** Three zones, nothing shared between them, a second region that stands by. */
export const prod: Environment = {
  name: 'prod',
  account: undefined,
  region: 'us-east-1',
  peer: { name: 'prod-standby', region: 'us-west-2', role: 'standby' },
  domain: { name: 'kolate.example.com', hostedZoneId: undefined },
  logDays: 365,
  alarmEmails: ['on-call@example.com'],
  network: { cidr: '10.50.0.0/16', zones: ['a', 'b', 'c'], natGateways: 3, interfaceEndpoints: true },
  security: { cloudTrail: true, awsConfig: true, imageRules: true },
  edge: {
    allowedCidrs: [],
    deniedCidrs: [],
    requestsPerFiveMinutes: 20_000,
    originCertificateArn: undefined,
    throttling: {
      control: { ratePerSecond: 500, burst: 1_000 },
      inference: { ratePerSecond: 5_000, burst: 5_000 },
      none: { ratePerSecond: 100, burst: 200 },
    },
    tenantsAtFullRate: { pool: 40, 'shared-cell': 20, dedicated: 6 },
    routing: 'failover',
  },
  identity: { mfa: 'required' },
  messaging: { brokers: 'express', instanceType: 'express.m7g.large', brokerCount: 3, diskGib: undefined },
  coreData: {
    backupDays: 35,
    postgres: { minAcu: 2, maxAcu: 32, readers: 1 },
    documents: { instanceType: 'r6g.large', instances: 3 },
    cache: { nodeType: 'cache.m7g.large', replicas: 2 },
  },
  search: { instanceType: 'r7g.large.search', nodes: 3, diskGib: 100, masterType: 'm7g.large.search' },
  storage: { exportDays: 30, batchDays: 30, accessLogDays: 365, oldModelVersionDays: 365, replicate: true },
  services: {
    'enterprise-info': { cpu: 512, memoryMib: 1_024, minTasks: 2, maxTasks: 6, spotShare: 0 },
    core: { cpu: 512, memoryMib: 1_024, minTasks: 3, maxTasks: 6, spotShare: 0 },
    predict: { cpu: 2_048, memoryMib: 4_096, minTasks: 3, maxTasks: 60, spotShare: 0.5 },
    'predict-registry': { cpu: 1_024, memoryMib: 2_048, minTasks: 2, maxTasks: 12, spotShare: 0 },
  },
  observability: { mainJobEveryMinutes: 5 },
  sharedCells: [],
  backup: { days: 35, lockDays: 7, copyToPeer: true, restoreTests: true },
  delivery: undefined,
  features: {
    privateCa: true,
    // About 725 USD a month and region for a domain that nobody asks: to be turned on with the first service that does.
    search: false,
    containerInsights: true,
    traces: true,
  },
};
