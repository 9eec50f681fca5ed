import { Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

/** Ports of the engines and of whoever called them: both sides of a connection are above the well-known ones. */
const highPorts = ec2.AclTraffic.tcpPortRange(1_024, 65_535);

/** A second fence, behind the security groups: data subnets talk among themselves and with app subnets, never with public ones. */
export class DataNetworkAcl extends Construct {
  constructor(scope: Construct, id: string, vpc: ec2.IVpc) {
    super(scope, id);
    const acl = new ec2.NetworkAcl(this, 'Acl', { vpc, subnetSelection: { subnetGroupName: 'data' } });
    const allow = (group: string, traffic: ec2.AclTraffic, firstRule: number) =>
      vpc.selectSubnets({ subnetGroupName: group }).subnets.forEach((subnet, index) => {
        for (const direction of [ec2.TrafficDirection.INGRESS, ec2.TrafficDirection.EGRESS]) {
          const way = direction === ec2.TrafficDirection.INGRESS ? 'From' : 'To';
          acl.addEntry(`${way}-${group}-${index}`, {
            cidr: ec2.AclCidr.ipv4(subnet.ipv4CidrBlock),
            traffic,
            direction,
            ruleNumber: firstRule + index,
          });
        }
      });
    allow('app', highPorts, 100);
    allow('data', ec2.AclTraffic.allTraffic(), 200);
    Validations.of(acl).acknowledge({
      id: 'AwsSolutions-VPC3',
      reason: 'Wanted: what a wrong security group would open in the data subnets stays closed to public subnets.',
    });
  }
}
