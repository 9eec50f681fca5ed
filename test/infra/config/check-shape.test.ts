import { checkEnvironment } from '../../../lib/config/check-environment';
import { checkShape } from '../../../lib/config/check-shape';
import { dev } from '../../../lib/config/dev';
import type { Environment } from '../../../lib/config/environment';
import { environments } from '../../../lib/config/environments';

/** A literal as somebody types it, whom no compiler has told. */
const typed = (change: object): Environment => ({ ...dev, ...change });

describe('the settings of an environment', () => {
  it.each(environments)('are all known and all there in $name', (environment) => {
    expect(() => checkShape(environment, dev)).not.toThrow();
  });

  it.each([
    ['logDayz', { logDayz: 9 }],
    ['features.serach', { features: { ...dev.features, serach: true } }],
    ['network.nat', { network: { ...dev.network, nat: 1 } }],
  ])('are refused when nobody reads them: %s', (name, change) => {
    expect(() => checkShape(typed(change), dev)).toThrow(`environment: ${name} is not a setting; expected one of`);
  });

  it('are refused when one is missing, wherever it is', () => {
    const { logDays: _logDays, ...withoutDays } = dev;
    const { mfa: _mfa, ...withoutMfa } = dev.identity;
    expect(() => checkShape(withoutDays as Environment, dev)).toThrow('environment: logDays is missing');
    expect(() => checkShape(typed({ identity: withoutMfa }), dev)).toThrow('environment: identity.mfa is missing');
    expect(() => checkShape(typed({ network: 5 }), dev)).toThrow('environment: network is 5; expected settings');
  });

  it.each([
    ['identity.mfa is "sometimes"; expected required or optional', { identity: { mfa: 'sometimes' } }],
    ['logDays is 6; expected 7, 30, 90 or 365', { logDays: 6 }],
    ['domain.hostedZoneId is "nonsense"', { domain: { ...dev.domain, hostedZoneId: 'nonsense' } }],
    ['edge cidrs is "0.0.0.0/0"', { edge: { ...dev.edge, allowedCidrs: ['0.0.0.0/0'] } }],
  ])('are refused for a value that is none of theirs: %s', (message, change) => {
    expect(() => checkEnvironment(typed(change))).toThrow(`environment: ${message}`);
  });
});
