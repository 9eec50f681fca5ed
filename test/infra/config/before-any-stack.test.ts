import { checkRegions } from '../../../lib/config/check-regions';
import { checkRollout } from '../../../lib/config/check-rollout';
import { dev } from '../../../lib/config/dev';
import { environments } from '../../../lib/config/environments';
import { isGraviton, isInstanceType, vcpusOf } from '../../../lib/config/instance-types';
import { isPrivate } from '../../../lib/config/ipv4-block';
import { prod } from '../../../lib/config/prod';
import { addPlatform, createApp } from '../../../lib/platform-app';

describe('what is looked at before there is any stack', () => {
  it('is whether the region is one: none is built elsewhere', () => {
    const app = createApp({ analyticsReporting: false, autoSynth: false });
    const before = app.node.children.length;
    expect(() => addPlatform(app, { ...dev, region: 'us-middle-1' })).toThrow(
      'environment: region is "us-middle-1"; expected a region of AWS, as in us-east-1',
    );
    expect(app.node.children).toHaveLength(before);
  });

  it('is whether the region of a peer is one', () => {
    const peer = { name: 'prod-standby', region: 'us-middle-1', role: 'standby' } as const;
    expect(() => checkRegions({ ...prod, peer })).toThrow('environment: peer.region is "us-middle-1"; expected');
    for (const environment of environments) expect(() => checkRegions(environment)).not.toThrow();
  });

  it('is whether a pipeline deploys to its own account alone', () => {
    const delivery = { connectionArn: 'arn', repository: 'kolate/kolate', branch: 'main' };
    const home = { ...prod, account: '222222222222', delivery };
    const empty = { rehearsal: { ...dev, account: undefined }, waves: [] };
    expect(() => checkRollout(home, empty)).toThrow(
      'environment: account of dev is not filled in; expected that of prod, "222222222222", whose delivery deploys there',
    );
    const far = { rehearsal: home, waves: [{ ...dev, account: '333333333333' }] };
    expect(() => checkRollout(home, far)).toThrow(
      'environment: account of dev is "333333333333"; expected that of prod',
    );
    expect(() => checkRollout({ ...home, delivery: undefined }, far)).not.toThrow();
    expect(() => checkRollout({ ...prod, account: undefined, delivery }, empty)).not.toThrow();
  });
});

describe('types of instances', () => {
  it.each([
    ...['t4g.nano', 'm7g.metal', 'r6gd.2xlarge', 'x2iedn.32xlarge', 'm7i.metal-24xl'].map(
      (name) => [name, ''] as const,
    ),
    ...([
      ['kafka.t3.small', 'kafka.'],
      ['express.m7g.16xlarge', 'express.'],
      ['cache.r7g.xlarge', 'cache.'],
    ] as const),
  ])('are known by their look: %s', (name, service) => {
    expect(isInstanceType(name, service)).toBe(true);
  });

  it.each([
    ['t4g.medium', 2],
    ['m7g.large', 2],
    ['m7g.xlarge', 4],
    ['r7g.16xlarge', 64],
  ])('say how many processors they have at most: %s', (name, vcpus) => {
    expect(vcpusOf(name)).toBe(vcpus);
  });

  it('say whether their processor is of the kind that images are for', () => {
    expect(['t4g.small', 'm7g.large', 'r6gd.large', 'c7gn.large'].filter((name) => !isGraviton(name))).toEqual([]);
    expect(['m7i.large', 't3.micro', 'g5.xlarge', 'm6a.large'].filter(isGraviton)).toEqual([]);
  });
});

it('takes as private what nobody has on the internet, up to its edges', () => {
  const inside = [
    '10.255.0.0/16',
    '172.16.0.0/16',
    '172.31.240.0/20',
    '192.168.0.0/16',
    '100.64.0.0/16',
    '100.127.0.0/16',
  ];
  expect(inside.filter((cidr) => !isPrivate(cidr))).toEqual([]);
  expect(['9.255.0.0/16', '172.15.0.0/16', '100.63.0.0/16', '192.168.0.0/15'].filter(isPrivate)).toEqual([]);
});
