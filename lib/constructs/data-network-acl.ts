import { Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

/** Ports of the engines and of whoever called them: both sides of a connection are above the well-known ones. */
const highPorts = ec2.AclTraffic.tcpPortRange(1_024, 65_535);

export type DataNetworkAclProps = {
  readonly vpc: ec2.IVpc;
  /** OpenSearch answers on 443 alone, below the ports of all other engines. */
  readonly search: boolean;
};

/** A second fence, behind the security groups: data subnets talk among themselves and with app subnets, never with public ones. */
export class DataNetworkAcl extends Construct {
  constructor(scope: Construct, id: string, { vpc, search }: DataNetworkAclProps) {
    super(scope, id);
    const acl = new ec2.NetworkAcl(this, 'Acl', { vpc, subnetSelection: { subnetGroupName: 'data' } });
    const { INGRESS, EGRESS } = ec2.TrafficDirection;
    const allow = (
      group: string,
      traffic: ec2.AclTraffic,
      firstRule: number,
      ways: Readonly<Record<string, ec2.TrafficDirection>>,
    ) =>
      vpc.selectSubnets({ subnetGroupName: group }).subnets.forEach((subnet, index) => {
        for (const [way, direction] of Object.entries(ways)) {
          acl.addEntry(`${way}-${group}-${index}`, {
            cidr: ec2.AclCidr.ipv4(subnet.ipv4CidrBlock),
            traffic,
            direction,
            ruleNumber: firstRule + index,
          });
        }
      });
    const both = { From: INGRESS, To: EGRESS };
    allow('app', highPorts, 100, both);
    allow('data', ec2.AclTraffic.allTraffic(), 200, both);
    if (search) allow('app', ec2.AclTraffic.tcpPort(443), 300, { SearchFrom: INGRESS });
    Validations.of(acl).acknowledge({
      id: 'AwsSolutions-VPC3',
      reason: 'Wanted: what a wrong security group would open in the data subnets stays closed to public subnets.',
    });
  }
}
