import type { IConnectable, ISecurityGroup, Port } from 'aws-cdk-lib/aws-ec2';

/**
 * Lets `peer` reach `own` on `port`. The rules stand in the stack of `peer`, so that a store depends on none of those that
 * use it; one that may go anywhere gets no rule for going here, which the CDK would warn of.
 */
export function letIn(own: ISecurityGroup, peer: IConnectable, port: Port, description: string): void {
  for (const group of peer.connections.securityGroups) {
    own.addIngressRule(group, port, description, true);
    if (!group.allowAllOutbound) group.addEgressRule(own, port, description);
  }
}
