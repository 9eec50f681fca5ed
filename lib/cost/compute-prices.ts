import { resourcesOf } from '../assembly/assembly';
import { type Charge, type Priced, type Pricer, Unpriced } from './charge';
import { insightsOf } from './metric-prices';
import { hoursAMonth, priceList } from './price-list';
import { at, listOf, numberOf, referred, settled, shareOf } from './values';

/** Tasks on average: between the least and the most that scaling allows, by the load. */
function averageTasks(service: Priced): number {
  const wanted = numberOf(service.properties.DesiredCount, 1);
  const target = resourcesOf(service.assembly, 'AWS::ApplicationAutoScaling::ScalableTarget').find(
    ({ stack, properties }) =>
      stack === service.stack && JSON.stringify(properties.ResourceId).includes(`"${service.id}"`),
  );
  const least = numberOf(target?.properties.MinCapacity, wanted);
  return least + service.usage.load * (numberOf(target?.properties.MaxCapacity, least) - least);
}

/** The part of `tasks` that runs on Spot capacity: bases first, the rest by weight. */
function spotTasks({ properties }: Priced, tasks: number): number {
  const providers = listOf(properties.CapacityProviderStrategy);
  const base = providers.reduce<number>((total, provider) => total + numberOf(at(provider, 'Base'), 0), 0);
  const weight = providers.reduce<number>((total, provider) => total + numberOf(at(provider, 'Weight'), 0), 0);
  const spot = providers.find((provider) => at(provider, 'CapacityProvider') === 'FARGATE_SPOT');
  if (!spot || weight === 0) return 0;
  return (
    Math.min(tasks, numberOf(at(spot, 'Base'), 0)) +
    (Math.max(0, tasks - base) * numberOf(at(spot, 'Weight'), 0)) / weight
  );
}

const service: Pricer = (resource) => {
  const task = referred(resource, resource.properties.TaskDefinition)?.properties;
  if (!task) throw new Unpriced('its task definition is not in its stack');
  const insights = insightsOf(resource);
  if (!listOf(task.RequiresCompatibilities).includes('FARGATE')) return insights;
  if (at(task, 'RuntimePlatform.CpuArchitecture') !== 'ARM64') throw new Unpriced('only tasks on ARM are priced');
  const tasks = averageTasks(resource);
  const spot = spotTasks(resource, tasks);
  const hours = (tasks - spot + spot * (priceList.prices.fargateSpotShare?.usd ?? 1)) * hoursAMonth;
  const what = `${tasks.toFixed(1)} tasks${spot > 0 ? `, ${spot.toFixed(1)} of them on Spot` : ''}`;
  return [
    { price: 'fargateCpuArm', quantity: (hours * numberOf(task.Cpu, 256)) / 1_024, what: `CPU of ${what}` },
    { price: 'fargateMemoryArm', quantity: (hours * numberOf(task.Memory, 512)) / 1_024, what: `memory of ${what}` },
    ...insights,
  ];
};

/** A function that answers requests is called for some of them: its share of a fifth, as the authorizer's answers are cached. */
const lambda: Pricer = ({ properties, assembly, usage }) => {
  const millions = shareOf(assembly, usage.millionRequests / 5, 'AWS::Lambda::Function');
  const seconds = 0.02;
  return [
    { price: 'lambdaRequests', quantity: millions },
    { price: 'lambdaGbSecondArm', quantity: (millions * 1e6 * seconds * numberOf(properties.MemorySize, 128)) / 1_024 },
  ];
};

/** Hosts of one launch template; of what a parameter says, its default. */
const instances: Pricer = (resource) => {
  const { MinSize, LaunchTemplate } = resource.properties;
  const template = referred(resource, at(LaunchTemplate, 'LaunchTemplateId'));
  const type = settled(resource, at(template?.properties.LaunchTemplateData, 'InstanceType'));
  if (typeof type !== 'string') throw new Unpriced('its launch template does not say which instances');
  return [{ price: `ec2:${type}`, quantity: numberOf(settled(resource, MinSize), 1) * hoursAMonth }];
};

const balancer: Pricer = ({ properties, usage }) => [
  { price: 'alb', quantity: hoursAMonth },
  // An LCU takes 25 new connections a second, or 3 million requests an hour at most: about one for each 20 million a month.
  { price: 'albCapacity', quantity: hoursAMonth * Math.max(0.1, usage.millionRequests / 20) },
  ...publicAddresses(properties),
];

const publicAddresses = ({ Scheme, Subnets }: Readonly<Record<string, unknown>>): Charge[] =>
  Scheme === 'internal' ? [] : [{ price: 'publicIpv4', quantity: hoursAMonth * listOf(Subnets).length }];

export const computePricers: Readonly<Record<string, Pricer>> = {
  'AWS::ECS::Service': service,
  'AWS::Lambda::Function': lambda,
  'AWS::AutoScaling::AutoScalingGroup': instances,
  'AWS::EC2::Volume': (resource) => [
    { price: 'ebsStorage', quantity: numberOf(settled(resource, resource.properties.Size), 20) },
  ],
  'AWS::ElasticLoadBalancingV2::LoadBalancer': balancer,
  'AWS::EC2::NatGateway': ({ assembly, usage }) => [
    { price: 'nat', quantity: hoursAMonth },
    { price: 'natData', quantity: shareOf(assembly, usage.natGb, 'AWS::EC2::NatGateway') },
  ],
  'AWS::EC2::EIP': () => [{ price: 'publicIpv4', quantity: hoursAMonth }],
  'AWS::EC2::VPCEndpoint': ({ properties }) =>
    properties.VpcEndpointType === 'Interface'
      ? [{ price: 'endpoint', quantity: hoursAMonth * Math.max(1, listOf(properties.SubnetIds).length) }]
      : [],
};
