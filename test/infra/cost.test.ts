import { estimate, sum } from '../../lib/cost/estimate';
import { differenceText, estimateText } from '../../lib/cost/estimate-text';
import { tenantEstimates } from '../../lib/cost/tenant-tiers';
import { tierPlans } from '../../lib/cost/tier-plans';
import { type Usage, usageOf } from '../../lib/cost/usage';
import { environmentNames } from '../../scripts/aws/synthesize';
import { everything, synthesized } from '../helpers/synthesized';
import { assemblyWith, resource } from './invariants/planted';

const none = Object.fromEntries(Object.keys(usageOf('dev')).map((name) => [name, 0])) as Usage;
const prices = {
  ...{ region: 'here', date: '2026-01-01', note: '' },
  prices: {
    nat: { per: 'hour', usd: 1, sure: true },
    natData: { per: 'GB', usd: 10, sure: true },
    acu: { per: 'ACU-hour', usd: 1, sure: false },
    fargateCpuArm: { per: 'vCPU-hour', usd: 1, sure: true },
    fargateMemoryArm: { per: 'GB-hour', usd: 0, sure: true },
    'search:data.search': { per: 'hour', usd: 2, sure: true },
    'search:lead.search': { per: 'hour', usd: 1, sure: true },
    searchStorage: { per: 'GB-month', usd: 1, sure: true },
    kmsKey: { per: 'key-month', usd: 1, sure: true },
    customMetric: { per: 'metric-month', usd: 0.3, sure: true },
    insights: { per: 'service-month', usd: 6, sure: false },
    insightsEnhanced: { per: 'service-month', usd: 10, sure: false },
  },
};
const costOf = (resources: Parameters<typeof assemblyWith>[0]['resources'], usage: Partial<Usage> = {}) =>
  estimate(assemblyWith({ resources }), { ...none, ...usage }, prices);

const serviceOf = (strategy: readonly object[]) => ({
  Service: resource('AWS::ECS::Service', {
    DesiredCount: 2,
    TaskDefinition: { Ref: 'Task' },
    CapacityProviderStrategy: strategy,
  }),
  Task: resource('AWS::ECS::TaskDefinition', {
    ...{ Cpu: '512', Memory: '1024', RequiresCompatibilities: ['FARGATE'] },
    RuntimePlatform: { CpuArchitecture: 'ARM64' },
  }),
  Scaling: resource('AWS::ApplicationAutoScaling::ScalableTarget', {
    ...{
      MinCapacity: 2,
      MaxCapacity: 12,
      ResourceId: { 'Fn::Join': ['/', ['service', { 'Fn::GetAtt': ['Service', 'Name'] }]] },
    },
  }),
});

describe('the estimate', () => {
  it('counts hours of what runs and shares what is used between those that are used', () => {
    const { lines } = costOf(
      { A: resource('AWS::EC2::NatGateway'), B: resource('AWS::EC2::NatGateway') },
      { natGb: 10 },
    );
    expect(lines.map(({ path, usd }) => [path, usd])).toEqual([
      ['A', 730],
      ['A', 50],
      ['B', 730],
      ['B', 50],
    ]);
    expect(sum(lines)).toBe(1_560);
  });

  it('has a service at its least without load, and on the way to its most with it', () => {
    const onDemand = serviceOf([{ CapacityProvider: 'FARGATE', Base: 2, Weight: 1 }]);
    expect(sum(costOf(onDemand).lines)).toBe(2 * 730 * 0.5);
    expect(sum(costOf(onDemand, { load: 0.1 }).lines)).toBe(3 * 730 * 0.5);
  });

  it('takes tasks beyond the base for Spot by its weight', () => {
    const half = serviceOf([
      { CapacityProvider: 'FARGATE', Base: 2, Weight: 1 },
      { CapacityProvider: 'FARGATE_SPOT', Weight: 1 },
    ]);
    // 7 tasks: 2 by the base, 2.5 on demand, 2.5 at 30 % of it.
    expect(sum(costOf(half, { load: 0.5 }).lines)).toBeCloseTo((4.5 + 2.5 * 0.3) * 730 * 0.5, 6);
  });

  it('counts a database that may pause for the hours in which it is awake', () => {
    const member = { DBInstanceClass: 'db.serverless', DBClusterIdentifier: { Ref: 'Cluster' } };
    const aurora = (MinCapacity: number) => ({
      Cluster: resource('AWS::RDS::DBCluster', { ServerlessV2ScalingConfiguration: { MinCapacity, MaxCapacity: 4 } }),
      Writer: resource('AWS::RDS::DBInstance', member),
    });
    const acuOf = (least: number) =>
      costOf(aurora(least), { awakeHours: 100 }).lines.find(({ what }) => what.endsWith('ACU'))?.usd;
    expect(acuOf(0)).toBe(50);
    expect(acuOf(2)).toBe(1_460);
  });

  it('counts the nodes of a search domain that lead beside those that hold data', () => {
    const data = { InstanceType: 'data.search', InstanceCount: 3 };
    const domainOf = (ClusterConfig: object) => ({
      Search: resource('AWS::OpenSearchService::Domain', { ClusterConfig, EBSOptions: { VolumeSize: 100 } }),
    });
    expect(sum(costOf(domainOf(data)).lines)).toBe(3 * 730 * 2 + 300);
    const led = { ...data, DedicatedMasterType: 'lead.search', DedicatedMasterCount: 3 };
    expect(sum(costOf(domainOf(led)).lines)).toBe(3 * 730 * 2 + 300 + 3 * 730);
  });

  it('counts metrics that are paid by the piece: of services, of logs, of hosts', () => {
    const publishing = resource('AWS::ECS::TaskDefinition', {
      ContainerDefinitions: [{ Environment: [{ Name: 'KOLATE_METRICS_NAMESPACE', Value: 'x' }] }],
    });
    const { lines } = costOf(
      {
        ...{ One: publishing, Two: publishing, Silent: resource('AWS::ECS::TaskDefinition') },
        Errors: resource('AWS::Logs::MetricFilter', { MetricTransformations: [{ MetricName: 'errors' }] }),
        Own: resource('AWS::EC2::LaunchTemplate', { LaunchTemplateData: { Monitoring: { Enabled: true } } }),
        Cell: resource('AWS::EC2::LaunchTemplate', {
          LaunchTemplateData: { Monitoring: { Enabled: true }, UserData: { 'Fn::Sub': 'aws put-metric-data' } },
        }),
        Plain: resource('AWS::EC2::LaunchTemplate', { LaunchTemplateData: {} }),
      },
      { publishedMetrics: 30 },
    );
    expect(lines.map(({ path, quantity }) => [path, quantity])).toEqual([
      ['One', 15],
      ['Two', 15],
      ['Errors', 1],
      ['Own', 7],
      ['Cell', 9],
    ]);
    expect(sum(lines)).toBeCloseTo(47 * 0.3, 6);
  });

  it('counts what the cluster of a service measures of it', () => {
    const insightsWith = (Value: string) => {
      const { Service, ...rest } = serviceOf([]);
      const withCluster = { ...Service, Properties: { ...Service.Properties, Cluster: { Ref: 'Cluster' } } };
      const Cluster = resource('AWS::ECS::Cluster', { ClusterSettings: [{ Name: 'containerInsights', Value }] });
      const { lines } = costOf({ ...rest, Service: withCluster, Cluster });
      return lines.filter(({ what }) => what.startsWith('insights')).map(({ usd }) => usd);
    };
    expect(insightsWith('enhanced')).toEqual([10]);
    expect(insightsWith('enabled')).toEqual([6]);
    expect(insightsWith('disabled')).toEqual([]);
  });

  it('names what costs and has no price, and never takes it for nothing', () => {
    const { lines, unpriced } = costOf({
      Robot: resource('AWS::RoboMaker::Fleet'),
      Big: resource('AWS::RDS::DBInstance', { DBInstanceClass: 'db.r6g.large' }),
      Host: resource('AWS::DocDB::DBInstance', { DBInstanceClass: 'db.x9.huge' }),
      Rule: resource('AWS::Events::Rule'),
    });
    expect(lines).toEqual([]);
    expect(unpriced.map(({ path, why }) => `${path}: ${why}`)).toEqual([
      'Robot: lib/cost does not know the type AWS::RoboMaker::Fleet',
      'Big: only serverless members of Aurora are priced, not db.r6g.large',
      'Host: the price list of here has no price "documents:db.x9.huge"',
    ]);
    expect(estimateText('try', { lines, unpriced }, none)).toContain(
      'NOT in the sum:\n  Robot (AWS::RoboMaker::Fleet)',
    );
  });

  it('prints which usage it assumes and which price list it read', () => {
    const text = estimateText('try', costOf({ A: resource('AWS::KMS::Key') }), { ...none, natGb: 7 });
    expect(text).toMatch(/try: USD 1\.00 a month, by the price list of us-east-1 of 2026-/);
    expect(text).toMatch(/With the usage of a month: millionRequests 0, .*natGb 7/);
  });

  it('prints what changes, the largest first', () => {
    const before = costOf({ Key: resource('AWS::KMS::Key') });
    const after = costOf({ Nat: resource('AWS::EC2::NatGateway') });
    expect(differenceText(before, after).split('\n')).toEqual([
      'USD 1.00 → 730.00 a month (+729.00)',
      '     +730.00  Nat nat',
      '       -1.00  Key kmsKey',
    ]);
  });
});

describe.each([...environmentNames, everything])('what %s costs', (environment) => {
  const assembly = synthesized(environment);
  const usage = usageOf(environment);

  it('is known of every resource', () => {
    expect(estimate(assembly, usage).unpriced).toEqual([]);
  });

  it('is known of a tenant of each tier', () => {
    const { pool, 'shared-cell': shared, dedicated } = tenantEstimates(assembly, usage);
    expect([...pool.unpriced, ...shared.unpriced, ...dedicated.unpriced]).toEqual([]);
    expect(sum(pool.lines)).toBeLessThan(sum(shared.lines));
    expect(sum(shared.lines)).toBeLessThan(sum(dedicated.lines));
  });

  it('says in the plan of each tier what its estimate says, resource by resource', () => {
    const estimates = tenantEstimates(assembly, usage);
    for (const { tier, resources, cost } of tierPlans(environment, assembly.tenant!, usage)) {
      expect(cost.usdPerMonth).toBeCloseTo(sum(estimates[tier as keyof typeof estimates].lines), 1);
      expect(resources.reduce((total, { usdPerMonth = 0 }) => total + usdPerMonth, 0)).toBeCloseTo(cost.usdPerMonth, 1);
      expect(cost).toMatchObject({ region: 'us-east-1', priceDate: expect.stringMatching(/^2026-/) });
      expect(cost.note).not.toContain('NOT in the sum');
    }
  });

  it('has a host and a volume in the plan of the tier that has its own alone', () => {
    const kinds = new Map(
      tierPlans(environment, assembly.tenant!, usage).map(({ tier, resources }) => [
        tier,
        resources.map(({ kind }) => kind),
      ]),
    );
    expect(kinds.get('dedicated')).toEqual(expect.arrayContaining(['AWS::EC2::Volume', 'AWS::KMS::Key']));
    expect(kinds.get('shared-cell')).toContain('AWS::KMS::Key');
    expect(kinds.get('shared-cell')).not.toContain('AWS::EC2::Volume');
    expect(kinds.get('pool')).toEqual([
      ...['AWS::Cognito::UserPoolClient', 'AWS::SecretsManager::Secret', 'Database and role in Aurora'],
      ...['Database and user in DocumentDB', 'AWS::ElastiCache::User'],
    ]);
  });
});

it('counts for a tenant of its own what its template says, with the defaults of its parameters', () => {
  const { stacks } = assemblyWith({
    resources: {
      Hosts: resource('AWS::AutoScaling::AutoScalingGroup', {
        LaunchTemplate: { LaunchTemplateId: { Ref: 'Template' } },
      }),
      Template: resource('AWS::EC2::LaunchTemplate', { LaunchTemplateData: { InstanceType: { Ref: 'Size' } } }),
      Disk: { ...resource('AWS::EC2::Volume', { Size: { Ref: 'Gib' } }), Condition: 'OwnCell' },
      Key: resource('AWS::KMS::Key'),
    },
  });
  const [stack] = stacks;
  const parameters = { Size: { Default: 't4g.small' }, Gib: { Default: 40 }, CellId: { Default: '' } };
  const conditions = { OwnCell: { 'Fn::Equals': [{ Ref: 'CellId' }, ''] } };
  const template = { ...stack!.template, Parameters: parameters, Conditions: conditions };
  const tenant = { ...stack!, template };
  const { pool, 'shared-cell': shared, dedicated } = tenantEstimates({ environment: 'try', tenant }, none);
  expect(dedicated.lines.map(({ what, quantity }) => [what, quantity])).toEqual([
    ['cognitoMachineClient', 1],
    ['secret', 1],
    ['secret', 1],
    ['ec2:t4g.small', 730],
    ['ebsStorage', 40],
    ['kmsKey', 1],
  ]);
  expect(dedicated.lines.slice(0, 2)).toEqual(pool.lines);
  // What stands under the condition of a host of its own is not made in a cell.
  const ofHost = ['ebsStorage'];
  expect(shared.lines.filter(({ what }) => what !== 'customMetric')).toEqual(
    dedicated.lines.filter(({ what }) => !ofHost.includes(what)),
  );
  // What a host of the cell tells of it: memory and disk.
  expect(shared.lines.filter(({ what }) => what === 'customMetric')).toHaveLength(2);
});
