import { checkEnvironment } from '../../../lib/config/check-environment';
import type { Environment } from '../../../lib/config/environment';
import { environments } from '../../../lib/config/environments';
import { neutral } from '../../../scripts/aws/neutral';

const held = environments.map(neutral);
/** As one who follows docs/deploy.md fills it in, in other regions. */
const filledIn = (environment: Environment): Environment => ({
  ...environment,
  account: '210987654321',
  region: 'eu-west-1',
  domain: { name: 'ml.example.org', hostedZoneId: 'Z0123456789ABC' },
  alarmEmails: ['a@example.org', 'b@example.org'],
  network: { ...environment.network, zones: [...environment.network.zones].reverse() },
  edge: {
    ...environment.edge,
    originCertificateArn: 'arn:aws:acm:us-east-1:210987654321:certificate/11111111-2222-4333-8444-555555555555',
  },
  peer: environment.peer && { ...environment.peer, region: 'eu-central-1' },
  delivery: {
    connectionArn: 'arn:aws:codeconnections:us-east-1:210987654321:connection/11111111-2222-4333-8444-555555555555',
    repository: 'example/kolate',
    branch: 'main',
  },
});

describe.each(held)('$name without what is an account’s own', (environment) => {
  it('is what it was, whatever was filled in', () => {
    expect(neutral(filledIn(environment))).toEqual(environment);
  });

  it('can be synthesized', () => {
    expect(() => checkEnvironment(environment)).not.toThrow();
  });

  it('keeps all else that was changed', () => {
    const changed = {
      ...environment,
      logDays: 30 as const,
      backup: { ...environment.backup, days: 14 },
      network: { ...environment.network, cidr: '10.99.0.0/16' },
    };
    expect(neutral(filledIn(changed))).toEqual(changed);
  });
});

it('leaves an environment alone that the repository does not have', () => {
  const [first] = held;
  const staging = { ...filledIn(first!), name: 'staging' };
  expect(neutral(staging)).toBe(staging);
});
