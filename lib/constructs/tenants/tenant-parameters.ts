import { CfnParameter, type CfnParameterProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Where the platform writes down what tenants' stacks stand on, and where their template finds it. */
export const sharedParameters = {
  cluster: { type: 'String', path: 'tenants/cluster' },
  vpc: { type: 'AWS::EC2::VPC::Id', path: 'tenants/vpc' },
  clientGroup: { type: 'AWS::EC2::SecurityGroup::Id', path: 'tenants/client-group' },
  hostGroup: { type: 'AWS::EC2::SecurityGroup::Id', path: 'tenants/host-group' },
  hostProfile: { type: 'String', path: 'tenants/host-profile' },
  hostImage: { type: 'AWS::EC2::Image::Id', path: 'tenants/host-image' },
  namespace: { type: 'String', path: 'tenants/namespace' },
  executionRole: { type: 'String', path: 'tenants/execution-role' },
  boundary: { type: 'String', path: 'tenants/boundary' },
  alarmTopic: { type: 'String', path: 'tenants/alarm-topic' },
  rotation: { type: 'String', path: 'tenants/rotation' },
  postgresImage: { type: 'String', path: 'tenants/image/postgres' },
  mongoImage: { type: 'String', path: 'tenants/image/mongo' },
  valkeyImage: { type: 'String', path: 'tenants/image/valkey' },
  subnet1: { type: 'AWS::EC2::Subnet::Id', path: 'tenants/subnet/1' },
  subnet2: { type: 'AWS::EC2::Subnet::Id', path: 'tenants/subnet/2' },
  subnet3: { type: 'AWS::EC2::Subnet::Id', path: 'tenants/subnet/3' },
  zone1: { type: 'String', path: 'tenants/zone/1' },
  zone2: { type: 'String', path: 'tenants/zone/2' },
  zone3: { type: 'String', path: 'tenants/zone/3' },
} as const;

export type SharedName = keyof typeof sharedParameters;
export const parameterPath = (environment: string, name: SharedName): string =>
  `/kolate/${environment}/${sharedParameters[name].path}`;

/** The values that the platform wrote down, resolved by CloudFormation at each create and update. */
export type Shared = Readonly<Record<SharedName, string>>;

export function readShared(scope: Construct, environment: string): Shared {
  const entries = (Object.keys(sharedParameters) as SharedName[]).map((name) => {
    const type = `AWS::SSM::Parameter::Value<${sharedParameters[name].type}>`;
    return [
      name,
      textParameter(scope, capitalized(name), { type, default: parameterPath(environment, name) }),
    ] as const;
  });
  return Object.fromEntries(entries) as Shared;
}

export const textParameter = (scope: Construct, id: string, props: CfnParameterProps): string =>
  new CfnParameter(scope, id, props).valueAsString;

const capitalized = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** Slots of a shared cell: one host each, in a zone of its own where the region has three. */
export const slots = [1, 2, 3] as const;
