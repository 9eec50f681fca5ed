import { resourcesOf } from '../../lib/assembly/assembly';
import { environments } from '../../lib/config/environments';
import { environmentNames } from '../../scripts/aws/synthesize';
import { synthesized } from '../helpers/synthesized';

describe.each(environmentNames)('the platform in %s', (name) => {
  const assembly = synthesized(name);
  const environment = environments.find((one) => one.name === name)!;

  it('is of stacks that are named after it and in its region, but for what CloudFront has from us-east-1 alone', () => {
    for (const stack of assembly.stacks) {
      expect(stack.name).toBe(`kolate-${name}-${stack.part}`);
      expect([environment.region, 'us-east-1']).toContain(stack.region);
    }
    const elsewhere = assembly.stacks.filter(({ region }) => region !== environment.region).map(({ part }) => part);
    expect(['edge', 'front']).toEqual(expect.arrayContaining(elsewhere));
  });

  it('rotates every key', () => {
    const keys = resourcesOf(assembly, 'AWS::KMS::Key');
    expect(keys.length).toBeGreaterThan(5);
    for (const { properties } of keys) expect(properties.EnableKeyRotation).toBe(true);
  });

  it('has public, app and data subnets in each of its zones and no way out of the data subnets', () => {
    expect(resourcesOf(assembly, 'AWS::EC2::Subnet')).toHaveLength(3 * environment.network.zones.length);
    const waysOut = resourcesOf(assembly, 'AWS::EC2::Route').filter(({ id }) => /data/i.test(id));
    expect(waysOut).toEqual([]);
  });
});
