import { checkPeers, checkTogether } from '../../../lib/config/check-together';
import type { Environment } from '../../../lib/config/environment';
import { environmentNamed, environments } from '../../../lib/config/environments';
import { dev, prod, prodStandby } from '../../helpers/neutral-environments';

type Peer = NonNullable<Environment['peer']>;
const standby = (change: Partial<Environment>): Environment => ({ ...prodStandby, ...change });
const peerOfStandby = (change: Partial<Peer>): Environment =>
  standby({ peer: { name: 'prod', region: 'us-east-1', role: 'primary', ...change } });
const delivery = {
  connectionArn: 'arn:aws:codeconnections:us-east-1:111111111111:connection/1f2e3d4c',
  repository: 'kolate/kolate',
  branch: 'main',
};
const zone = 'Z0123456789ABC';

it.each(environments)('environments agree as they are in the repository: $name', (environment) => {
  expect(environmentNamed(environment.name)).toBe(environment);
});

describe('environments together', () => {
  it('are refused when two have one name, whichever is asked for', () => {
    const twice = [{ ...dev, name: 'prod' }, prod, prodStandby];
    const words = 'environment: name of the environments is ["prod","prod","prod-standby"]; expected each name once';
    expect(() => checkTogether(twice)).toThrow(words);
    expect(() => environmentNamed('dev', twice)).toThrow(words);
    expect(() => environmentNamed('prod', twice)).toThrow(words);
  });

  it('are refused when a second one has a delivery', () => {
    const all = [dev, { ...prod, delivery }, standby({ delivery })];
    expect(() => environmentNamed('dev', all)).toThrow(
      'environment: delivery of the environments is ["prod","prod-standby"]; expected one environment that has it',
    );
    expect(() => checkTogether([dev, { ...prod, delivery }, prodStandby])).not.toThrow();
  });

  it('are refused when the pipeline of one would deploy to the account of another', () => {
    const account = '111111111111';
    const all = [dev, { ...prod, account, delivery }, standby({ account })];
    expect(() => environmentNamed('prod', all)).toThrow(
      /^environment: account of dev is .+; expected that of prod, "111111111111", whose delivery deploys there too$/,
    );
  });

  it('do not stop one another by a setting that is none of theirs', () => {
    const stray: Environment = { ...dev, features: { ...dev.features, ...{ serach: true } } };
    expect(environmentNamed('prod', [stray, prod, prodStandby])).toBe(prod);
    expect(() => environmentNamed('dev', [stray, prod, prodStandby])).toThrow('features.serach is not a setting');
  });
});

describe('a primary and its standby', () => {
  it.each<[string, Environment, Environment, string]>([
    [
      'a peer that there is not',
      prod,
      standby({ name: 'other' }),
      'peer.name is "prod-standby"; expected dev or other',
    ],
    [
      'a peer that says nothing of it',
      prod,
      standby({ peer: undefined }),
      'prod-standby.peer.name is undefined; expected prod, whose peer it is',
    ],
    [
      'a peer of somebody else',
      prod,
      peerOfStandby({ name: 'dev' }),
      'prod-standby.peer.name is "dev"; expected prod, whose peer it is',
    ],
    [
      'a peer elsewhere',
      prod,
      standby({ region: 'us-west-1' }),
      'peer.region is "us-west-2"; expected us-west-1, where prod-standby is',
    ],
    [
      'a peer that looks for it elsewhere',
      prod,
      peerOfStandby({ region: 'us-east-2' }),
      'prod-standby.peer.region is "us-east-2"; expected us-east-1, where prod is',
    ],
    [
      'two that stand by',
      prod,
      peerOfStandby({ role: 'standby' }),
      'peer.role is "standby"; expected primary, as prod is the standby of prod-standby',
    ],
    [
      'accounts of their own',
      { ...prod, account: '111111111111' },
      standby({ account: '222222222222' }),
      'account is "111111111111"; expected that of prod-standby, "222222222222"',
    ],
    [
      'an account in one alone',
      prod,
      standby({ account: '222222222222' }),
      'account is undefined; expected that of prod-standby, "222222222222"',
    ],
    [
      'domains of their own',
      prod,
      standby({ domain: { ...prodStandby.domain, name: 'standby.example.com' } }),
      'domain.name is "kolate.example.com"; expected that of prod-standby, "standby.example.com"',
    ],
    [
      'zones of their own',
      { ...prod, domain: { ...prod.domain, hostedZoneId: zone } },
      prodStandby,
      `domain.hostedZoneId is "${zone}"; expected that of prod-standby, "Z00000000000000000000"`,
    ],
    [
      'two ways to divide what comes',
      { ...prod, edge: { ...prod.edge, routing: 'latency' } },
      prodStandby,
      'edge.routing is "latency"; expected that of prod-standby, "failover"',
    ],
    [
      'a standby whose settings are none',
      prod,
      standby({ features: { ...prod.features, ...{ serach: true } } }),
      'prod-standby.features.serach is not a setting',
    ],
  ])('are refused for %s', (_what, primary, second, words) => {
    expect(() => environmentNamed('prod', [dev, primary, second])).toThrow(`environment: ${words}`);
  });

  it('are refused from the side of the standby as well', () => {
    const latency: Environment = { ...prod, edge: { ...prod.edge, routing: 'latency' } };
    expect(() => environmentNamed('prod-standby', [dev, latency, prodStandby])).toThrow(
      'environment: edge.routing is "failover"; expected that of prod, "latency"',
    );
    expect(() => checkPeers(standby({ peer: undefined }), [prod])).toThrow(
      'environment: peer is undefined; expected prod, whose peer is prod-standby',
    );
  });

  it('may have a zone that was there before either, or that the primary made', () => {
    const domain = { ...prod.domain, hostedZoneId: zone };
    expect(() => checkPeers({ ...prod, domain }, [standby({ domain })])).not.toThrow();
    expect(() => checkPeers(prod, [standby({ domain })])).not.toThrow();
  });

  it('are told of all that differs at once', () => {
    const second = standby({ region: 'us-west-1', edge: { ...prod.edge, routing: 'latency' } });
    expect(() => checkPeers(prod, [second])).toThrow(
      /^environment: peer\.region is .*\nenvironment: edge\.routing is "failover"; .*$/,
    );
  });
});
