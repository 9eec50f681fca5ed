import type { Environment } from './environment';

/** The cheapest that works: two zones, one NAT gateway, short retention. */
export const dev: Environment = {
  name: 'dev',
  account: undefined,
  region: 'us-east-1',
  network: { cidr: '10.40.0.0/16', zones: ['a', 'b'], natGateways: 1 },
  storage: { exportDays: 7, accessLogDays: 30, oldModelVersionDays: 30 },
};
