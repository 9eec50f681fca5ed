import { tierMembers } from '../../src/contracts/tenant-hosts';
import type { Environment } from './environment';
import { vcpusOf } from './instance-types';
import { hostsOfCell } from './shared-cell';

/** A quota of an account and how much of it an environment takes. Codes are those of Service Quotas. */
export type QuotaNeed = {
  readonly service: string;
  readonly code: string;
  readonly name: string;
  readonly needed: number;
  readonly why: string;
};

/** What Lambda keeps for everybody without a reservation, below which it refuses reservations. */
const unreservedLambdas = 100;
/** Reserved by the authorizer and the other functions of the platform, and room for the custom resources of a deployment. */
const lambdaConcurrency = 200;
/** The platform's own and those of its first tenants. */
const stacks = 100;
/** Of the hosts of a dedicated tenant, as its template has them: the first tenant is that of the main job. */
const hostsOfTenant = { vcpus: 2 * tierMembers.dedicated, volumeGib: 40 * tierMembers.dedicated };
const gibInTib = 1_024;
/** While a canary runs there are both the old and the new tasks. */
const duringDeployment = 2;

/** The quotas that a first deployment meets, as far as Service Quotas names them. */
export function quotaNeeds(environment: Environment): readonly QuotaNeed[] {
  const { network, services, region, sharedCells } = environment;
  const sizes = Object.values(services);
  const vcpus = (tasksOf: (size: (typeof sizes)[number]) => number): number =>
    Math.ceil(sizes.reduce((sum, size) => sum + (tasksOf(size) * size.cpu) / 1_024, 0));
  const spot = (size: (typeof sizes)[number]): number => (size.maxTasks - size.minTasks) * size.spotShare;
  return [
    {
      ...{ service: 'ec2', code: 'L-0263D0A3', name: 'Elastic IP addresses' },
      ...{ needed: network.natGateways, why: 'one for each NAT gateway' },
    },
    { service: 'vpc', code: 'L-F678F1CE', name: 'VPCs per region', needed: 1, why: `one in ${region}` },
    {
      ...{ service: 'vpc', code: 'L-FE5A380F', name: 'NAT gateways per zone' },
      ...{ needed: Math.ceil(network.natGateways / network.zones.length), why: 'the way out of the app subnets' },
    },
    {
      ...{ service: 'fargate', code: 'L-3032A538', name: 'Fargate On-Demand vCPUs' },
      needed: vcpus((size) => size.maxTasks - spot(size)) * duringDeployment,
      why: 'all services at their largest, twice during a deployment',
    },
    {
      ...{ service: 'fargate', code: 'L-36FBB829', name: 'Fargate Spot vCPUs' },
      ...{ needed: vcpus(spot), why: 'the share of the tasks that runs on Spot' },
    },
    {
      ...{ service: 'lambda', code: 'L-B99A9384', name: 'Concurrent Lambda executions' },
      ...{ needed: lambdaConcurrency + unreservedLambdas, why: 'new accounts start with 10' },
    },
    {
      ...{ service: 'cloudformation', code: 'L-0485CB21', name: 'CloudFormation stacks' },
      needed: stacks + sharedCells.length,
      why: 'the platform’s own, one for each shared cell and one for each tenant with a stack',
    },
    ...hostNeeds(environment),
  ];
}

/** What hosts take: those of every shared cell, and those of one tenant's own. */
function hostNeeds({ network, sharedCells }: Environment): readonly QuotaNeed[] {
  const hosts = hostsOfCell(network.zones);
  const ofCells = (of: (cell: (typeof sharedCells)[number]) => number): number =>
    sharedCells.reduce((sum, cell) => sum + hosts * of(cell), 0);
  const gib = ofCells(({ volumeGib }) => volumeGib) + hostsOfTenant.volumeGib;
  const why = `${hosts} hosts of each of ${sharedCells.length} shared cells, and ${tierMembers.dedicated} of a dedicated tenant`;
  return [
    {
      ...{ service: 'ec2', code: 'L-1216C47A', name: 'vCPUs of On-Demand instances' },
      ...{ needed: ofCells(({ instanceType }) => vcpusOf(instanceType)) + hostsOfTenant.vcpus, why },
    },
    {
      ...{ service: 'ebs', code: 'L-7A658B76', name: 'TiB of gp3 volumes' },
      ...{ needed: Math.ceil(gib / gibInTib), why },
    },
  ];
}
