import type { Environment } from '../../lib/config/environment';

type Placeholders = Pick<Environment, 'region' | 'domain' | 'alarmEmails'>;

/** What stands in the literals of the repository where an account's own values go, by the environment's name. */
const placeholders: Readonly<Record<string, Placeholders>> = {
  dev: { region: 'us-east-1', domain: { name: 'dev.kolate.example.com', hostedZoneId: undefined }, alarmEmails: [] },
  prod: {
    region: 'us-east-1',
    domain: { name: 'kolate.example.com', hostedZoneId: undefined },
    alarmEmails: ['on-call@example.com'],
  },
  'prod-standby': {
    region: 'us-west-2',
    domain: { name: 'kolate.example.com', hostedZoneId: 'Z00000000000000000000' },
    alarmEmails: ['on-call@example.com'],
  },
};

/**
 * `environment` as it was before anybody filled it in (docs/deploy.md), so that what is reviewed as text is the same in every
 * account: snapshots, the drawing, the table of what stays. All else, sizes and switches, is left as it is; so is an
 * environment that the repository does not have.
 */
export function neutral(environment: Environment): Environment {
  const held = placeholders[environment.name];
  if (!held) return environment;
  const { network, edge, peer } = environment;
  return {
    ...environment,
    ...held,
    account: undefined,
    delivery: undefined,
    network: { ...network, zones: network.zones.map((_, index) => String.fromCharCode('a'.charCodeAt(0) + index)) },
    edge: { ...edge, originCertificateArn: undefined },
    peer: peer && { ...peer, region: placeholders[peer.name]?.region ?? peer.region },
  };
}
