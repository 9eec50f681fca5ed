import { Type } from '@sinclair/typebox';
import { checkEnvironment } from '../../../lib/config/check-environment';
import { dev } from '../../../lib/config/dev';
import type { Environment } from '../../../lib/config/environment';
import { settingFaults } from '../../../lib/config/setting-faults';

/** A literal as somebody types it, whom no compiler has told. */
const typed = (change: object): Environment => ({ ...dev, ...change });
const within = <K extends keyof Environment>(part: K, change: object): Environment =>
  typed({ [part]: { ...(dev[part] as object), ...change } });
const said = (environment: Environment): string => {
  try {
    checkEnvironment(environment);
    return 'nothing';
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
};

describe('the settings of an environment', () => {
  it.each([
    ['logDayz', typed({ logDayz: 9 })],
    ['features.serach', within('features', { serach: true })],
    ['network.nat', within('network', { nat: 1 })],
    ['features.toString', within('features', { toString: true })],
    ['peer.zone', typed({ peer: { name: 'other', region: 'us-west-2', role: 'standby', zone: 'a' } })],
  ])('are refused when nobody reads them: %s', (name, environment) => {
    expect(said(environment)).toContain(`Error: environment: ${name} is not a setting; expected one of `);
  });

  it('are refused when one is missing, wherever it is', () => {
    const { logDays: _logDays, ...withoutDays } = dev;
    const { sharedCells: _sharedCells, ...withoutCells } = dev;
    const { mfa: _mfa, ...withoutMfa } = dev.identity;
    const { account: _account, ...withoutAccount } = dev;
    expect(said(withoutDays as Environment)).toBe('Error: environment: logDays is missing; expected 7, 30, 90 or 365');
    expect(said(withoutCells as Environment)).toBe('Error: environment: sharedCells is missing; expected a list');
    expect(said(typed({ identity: withoutMfa }))).toContain('environment: identity.mfa is missing');
    expect(said(withoutAccount as Environment)).toContain('account is missing; expected a text or undefined');
    expect(said(typed({ network: 5 }))).toContain('environment: network is 5; expected settings (cidr, zones');
  });

  it.each([
    ['features.privateCa is "false"; expected true or false', within('features', { privateCa: 'false' })],
    ['messaging.brokers is "standrd"; expected express or standard', within('messaging', { brokers: 'standrd' })],
    ['messaging.brokerCount is "2"; expected a number', within('messaging', { brokerCount: '2' })],
    ['messaging.diskGib is null; expected a number or undefined', within('messaging', { diskGib: null })],
    ['network.interfaceEndpoints is "no"; expected true or false', within('network', { interfaceEndpoints: 'no' })],
    ['network.zones is "ab"; expected a list', within('network', { zones: 'ab' })],
    ['network.zones.1 is 2; expected a text', within('network', { zones: ['a', 2] })],
    ['network.natGateways is NaN; expected a number', within('network', { natGateways: Number.NaN })],
    [
      'coreData.postgres.minAcu is null; expected a number',
      within('coreData', { postgres: { ...dev.coreData.postgres, minAcu: null } }),
    ],
    [
      'services.core.cpu is "256"; expected a number',
      within('services', { core: { ...dev.services.core, cpu: '256' } }),
    ],
    [
      'edge.tenantsAtFullRate.dedicated is missing; expected a number',
      within('edge', { tenantsAtFullRate: { pool: 1 } }),
    ],
    ['edge.originCertificateArn is 5; expected a text or undefined', within('edge', { originCertificateArn: 5 })],
    ['edge.routing is "fail-over"; expected failover or latency', within('edge', { routing: 'fail-over' })],
    ['alarmEmails is undefined; expected a list', typed({ alarmEmails: undefined })],
    ['sharedCells is {}; expected a list', typed({ sharedCells: {} })],
    ['sharedCells.0.id is missing; expected a text', typed({ sharedCells: [{}] })],
    ['sharedCells.0 is undefined; expected settings (id, ', typed({ sharedCells: [undefined] })],
    ['delivery is "yes"; expected settings (connectionArn, repository, branch) or', typed({ delivery: 'yes' })],
    [
      'peer.role is "main"; expected primary or standby',
      typed({ peer: { name: 'other', region: 'us-west-2', role: 'main' } }),
    ],
    ['identity.mfa is "sometimes"; expected required or optional', typed({ identity: { mfa: 'sometimes' } })],
    ['logDays is 6; expected 7, 30, 90 or 365', typed({ logDays: 6 })],
  ])('are refused when they are of another kind, and never with a stack trace: %s', (words, environment) => {
    expect(said(environment)).toContain(`environment: ${words}`);
    expect(said(environment)).toMatch(/^Error: environment: /);
  });

  it.each([
    ['domain.hostedZoneId is "nonsense"', { domain: { ...dev.domain, hostedZoneId: 'nonsense' } }],
    ['edge cidrs is "0.0.0.0/0"', { edge: { ...dev.edge, allowedCidrs: ['0.0.0.0/0'] } }],
  ])('are refused for a value that is none of theirs: %s', (words, change) => {
    expect(said(typed(change))).toContain(`environment: ${words}`);
  });

  it('are told of together, first the kinds of all and then their values', () => {
    expect(said({ ...within('features', { serach: true, traces: 1 }), logDays: 8 as 7, name: 'Dev' })).toBe(
      [
        'Error: environment: logDays is 8; expected 7, 30, 90 or 365',
        'environment: features.serach is not a setting; expected one of privateCa, search, containerInsights, traces',
        'environment: features.traces is 1; expected true or false',
      ].join('\n'),
    );
    const services = { ...dev.services, core: { ...dev.services.core, cpu: 300 } };
    expect(said({ ...dev, name: 'Dev', account: '12', services }).split('\n')).toEqual([
      expect.stringContaining('name is "Dev"'),
      expect.stringContaining('account is "12"'),
      expect.stringContaining('services.core.cpu is 300'),
    ]);
  });
});

it('refuses what is of a kind that it does not know, before a check that nobody makes', () => {
  expect(settingFaults(Type.Tuple([]), [], 'setting')).toHaveLength(1);
});
