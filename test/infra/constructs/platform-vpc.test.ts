import { Match, Template } from 'aws-cdk-lib/assertions';
import { dev } from '../../../lib/config/dev';
import { prod } from '../../../lib/config/prod';
import { createApp } from '../../../lib/platform-app';
import { NetworkStack } from '../../../lib/stacks/network-stack';
import { SecurityStack } from '../../../lib/stacks/security-stack';

type Entry = { CidrBlock: string; Egress: boolean; PortRange?: { From: number; To: number }; Protocol: number };

const networkOf = (environment: typeof dev): Template => {
  const app = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
  const { alarmTopic } = new SecurityStack(app, { environment });
  return Template.fromStack(new NetworkStack(app, { environment, alarmTopic }));
};
const small = networkOf(dev);
const large = networkOf(prod);
const cidrsOf = (template: Template, group: string): string[] =>
  Object.entries(template.findResources('AWS::EC2::Subnet'))
    .filter(([id]) => id.includes(`${group}Subnet`))
    .map(([, { Properties }]) => String(Properties.CidrBlock));
const entriesOf = (template: Template): Entry[] =>
  Object.values(template.findResources('AWS::EC2::NetworkAclEntry')).map(({ Properties }) => Properties as Entry);

describe('the network', () => {
  it('keeps public subnets away from the data subnets, both ways', () => {
    for (const template of [small, large]) {
      const allowed = new Set(entriesOf(template).map(({ CidrBlock }) => CidrBlock));
      expect([...allowed].sort()).toEqual([...cidrsOf(template, 'app'), ...cidrsOf(template, 'data')].sort());
      for (const cidr of cidrsOf(template, 'public')) expect(allowed).not.toContain(cidr);
    }
  });

  it('lets app subnets reach data subnets on high ports only', () => {
    const fromApp = entriesOf(large).filter(({ CidrBlock }) => cidrsOf(large, 'app').includes(CidrBlock));
    expect(fromApp).toHaveLength(6);
    for (const entry of fromApp) expect(entry).toMatchObject({ PortRange: { From: 1024, To: 65535 }, Protocol: 6 });
  });

  it('fences every data subnet', () => {
    large.resourceCountIs('AWS::EC2::SubnetNetworkAclAssociation', 3);
    small.resourceCountIs('AWS::EC2::SubnetNetworkAclAssociation', 2);
  });

  it('gives no address of the internet to whoever starts in a public subnet', () => {
    large.allResourcesProperties('AWS::EC2::Subnet', { MapPublicIpOnLaunch: false });
  });

  it('logs all flows, encrypted, for as long as the environment says', () => {
    large.hasResourceProperties('AWS::EC2::FlowLog', { TrafficType: 'ALL', LogDestinationType: 'cloud-watch-logs' });
    large.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 365, KmsKeyId: Match.anyValue() });
    small.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 7, KmsKeyId: Match.anyValue() });
  });

  it('has as many NAT gateways as the environment pays for, each with its alarms', () => {
    small.resourceCountIs('AWS::EC2::NatGateway', 1);
    small.resourceCountIs('AWS::CloudWatch::Alarm', 2);
    large.resourceCountIs('AWS::EC2::NatGateway', 3);
    large.resourceCountIs('AWS::CloudWatch::Alarm', 6);
  });

  it('reaches S3 without leaving, and the other services where the environment pays for it', () => {
    small.hasResourceProperties('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Gateway' });
    small.resourceCountIs('AWS::EC2::VPCEndpoint', 1);
    const named = Object.values(large.findResources('AWS::EC2::VPCEndpoint')).map(({ Properties }) =>
      JSON.stringify(Properties.ServiceName).replace(/^.*us-east-1\.|"$/g, ''),
    );
    for (const service of ['ecr.api', 'ecr.dkr', 'logs', 'secretsmanager', 'kms', 'sts', 'ssm', 'ssmmessages', 'sqs']) {
      expect(named).toContain(service);
    }
    expect(named).toContain('cloudformation');
    expect(named).toContain('kafka');
  });

  it('opens interface endpoints to app subnets over TLS and to nobody else', () => {
    const groups = Object.values(large.findResources('AWS::EC2::SecurityGroup')).map(({ Properties }) => Properties);
    expect(groups).toHaveLength(1);
    expect(groups[0]?.SecurityGroupIngress).toEqual(
      cidrsOf(large, 'app').map((CidrIp) => expect.objectContaining({ CidrIp, FromPort: 443, ToPort: 443 })),
    );
  });
});
