import type { Environment } from './environment';

/** Three zones, nothing shared between them. */
export const prod: Environment = {
  name: 'prod',
  account: undefined,
  region: 'us-east-1',
  network: { cidr: '10.50.0.0/16', zones: ['a', 'b', 'c'], natGateways: 3 },
  storage: { exportDays: 30, accessLogDays: 365, oldModelVersionDays: 365 },
};
