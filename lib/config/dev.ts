import type { Environment } from './environment';

const small = { cpu: 256, memoryMib: 512, minTasks: 1, maxTasks: 2, spotShare: 1 };

/** The cheapest that works: two zones, one NAT gateway, the smallest of everything, short retention. */
export const dev: Environment = {
  name: 'dev',
  account: undefined,
  region: 'us-east-1',
  peer: undefined,
  domain: { name: 'dev.kolate.example.com', hostedZoneId: undefined },
  logDays: 7,
  alarmEmails: [],
  network: { cidr: '10.40.0.0/16', zones: ['a', 'b'], natGateways: 1, interfaceEndpoints: false },
  security: { cloudTrail: false, awsConfig: false, imageRules: false },
  edge: {
    allowedCidrs: [],
    deniedCidrs: [],
    requestsPerFiveMinutes: 2_000,
    originCertificateArn: undefined,
    throttling: {
      control: { ratePerSecond: 50, burst: 200 },
      inference: { ratePerSecond: 500, burst: 1_000 },
      none: { ratePerSecond: 20, burst: 40 },
    },
    tenantsAtFullRate: { pool: 4, 'shared-cell': 2, dedicated: 1 },
    routing: 'failover',
  },
  identity: { mfa: 'optional' },
  messaging: { brokers: 'standard', instanceType: 'kafka.t3.small', brokerCount: 2, diskGib: 10 },
  coreData: {
    backupDays: 7,
    postgres: { minAcu: 0, maxAcu: 2, readers: 0 },
    documents: { instanceType: 't3.medium', instances: 1 },
    cache: { nodeType: 'cache.t4g.micro', replicas: 0 },
  },
  search: { instanceType: 't3.small.search', nodes: 1, diskGib: 10, masterType: undefined },
  storage: { exportDays: 7, batchDays: 7, accessLogDays: 30, oldModelVersionDays: 30, replicate: false },
  services: {
    'enterprise-info': small,
    core: small,
    predict: { ...small, cpu: 512, memoryMib: 1_024 },
    // Checks a model of 100 MB in a process of its own.
    'predict-registry': { ...small, memoryMib: 1_024 },
  },
  observability: { mainJobEveryMinutes: undefined },
  sharedCells: [],
  backup: { days: 7, lockDays: undefined, copyToPeer: false, restoreTests: false },
  delivery: undefined,
  features: { privateCa: false, search: false, containerInsights: false, traces: false },
};
