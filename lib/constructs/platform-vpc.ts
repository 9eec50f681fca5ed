import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Environment } from '../config/environment';
import { DataNetworkAcl } from './data-network-acl';
import { InterfaceEndpoints } from './interface-endpoints';
import { addNatAlarms } from './nat-alarms';

export type PlatformVpcProps = {
  readonly network: Environment['network'];
  /** Something in the data subnets answers on 443. */
  readonly search: boolean;
  readonly logDays: Environment['logDays'];
  /** Encrypts the log of flows; a `KolateKey`, as a log group needs a grant of its own. */
  readonly key: IKey;
  readonly alarmTopic: ITopic;
};

/**
 * Public, app and data subnets in every zone. Data subnets have no way out and let in nobody but app subnets; S3 is
 * reached without leaving, as are AWS' other services where the environment has interface endpoints. All flows are logged.
 */
export class PlatformVpc extends Construct {
  readonly vpc: ec2.Vpc;

  constructor(scope: Construct, id: string, { network, search, logDays, key, alarmTopic }: PlatformVpcProps) {
    super(scope, id);
    const nat = ec2.NatProvider.gateway();
    this.vpc = new ec2.Vpc(this, 'Vpc', {
      ipAddresses: ec2.IpAddresses.cidr(network.cidr),
      maxAzs: network.zones.length,
      natGateways: network.natGateways,
      natGatewayProvider: nat,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'public', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        { name: 'app', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 22 },
        { name: 'data', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
      ],
      gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
    });
    this.logFlows(key, logDays);
    new DataNetworkAcl(this, 'DataAcl', { vpc: this.vpc, search });
    if (network.interfaceEndpoints) new InterfaceEndpoints(this, 'Endpoints', this.vpc);
    addNatAlarms(this, { nat, topic: alarmTopic });
    this.explain();
  }

  private logFlows(encryptionKey: IKey, retention: number): void {
    const flows = new logs.LogGroup(this, 'Flows', { encryptionKey, retention, removalPolicy: RemovalPolicy.DESTROY });
    this.vpc.addFlowLog('FlowLog', { destination: ec2.FlowLogDestination.toCloudWatchLogs(flows) });
  }

  private explain(): void {
    const because = (id: string, reason: string) => Validations.of(this.vpc).acknowledge({ id, reason });
    because(
      'NIST.800.53.R5-VPCDefaultSecurityGroupClosed',
      'Nothing joins it, as everything has a group of its own; CloudFormation can close it only by a function that may change security groups.',
    );
    because(
      'NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW',
      'The NAT gateways go out by it, and gRPC clients come in to their balancer.',
    );
    because('CloudFormation-Validate::W3010', 'Zones are named by the environment, so that synthesis asks no account.');
  }
}
