import type { Environment } from './environment';
import { prod } from './prod';

/** The second region of `prod`: the same platform at its smallest, taking over by Route 53. */
export const prodStandby: Environment = {
  ...prod,
  name: 'prod-standby',
  region: 'us-west-2',
  peer: { name: 'prod', region: 'us-east-1', role: 'primary' },
  // Fill in the zone that prod made: ZoneId among the outputs of its edge stack.
  domain: { ...prod.domain, hostedZoneId: 'Z00000000000000000000' },
  network: { ...prod.network, cidr: '10.60.0.0/16' },
  // The primary's trail covers every region.
  security: { ...prod.security, cloudTrail: false },
  storage: { ...prod.storage, replicate: false },
  // The tenant that does it is the primary's.
  observability: { mainJobEveryMinutes: undefined },
  backup: { ...prod.backup, copyToPeer: false, restoreTests: false },
  // That of the primary deploys here too.
  delivery: undefined,
};
