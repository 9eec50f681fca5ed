import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { ParameterValueType, StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { SharedCell } from '../config/shared-cell';
import { acknowledge } from '../constructs/acknowledge';
import { backUp } from '../constructs/back-up';
import { KolateKey } from '../constructs/kolate-key';
import { addCellAlarms } from '../constructs/tenants/cell-alarms';
import { CellHost } from '../constructs/tenants/cell-host';
import { hostImageParameter, type TenantHosting } from '../constructs/tenants/tenant-hosting';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export type CellStackProps = KolateStackProps & {
  readonly cell: SharedCell;
  readonly vpc: IVpc;
  readonly hosting: TenantHosting;
  readonly alarmTopic: ITopic;
};

/** A shared cell: a host in each of up to three zones, on which the engines of several tenants run. */
export class CellStack extends KolateStack {
  readonly hosts: readonly CellHost[];

  constructor(scope: Construct, props: CellStackProps) {
    const { cell, vpc, hosting, alarmTopic: topic } = props;
    super(scope, `cell-${cell.id}`, { ...props, stateful: true });
    backUp(this, props.environment, 'daily');
    const key = new KolateKey(this, 'Key', `Volumes of the shared cell ${cell.id}`);
    const image = StringParameter.valueForTypedStringParameterV2(
      this,
      hostImageParameter,
      ParameterValueType.AWS_EC2_IMAGE_ID,
    );
    // As tenants' stacks count them: the slot is the subnet's place in the list, from 1.
    const subnets = vpc.selectSubnets({ subnetGroupName: 'app' }).subnets.slice(0, 3);
    this.hosts = subnets.map(({ subnetId: subnet, availabilityZone: zone }, at) => {
      const slot = String(at + 1);
      const scopeOfHost = new Construct(this, `Slot${slot}`);
      const host = new CellHost(scopeOfHost, 'Host', {
        ...{ slot, zone, subnet, cellId: cell.id, keyArn: key.keyArn, size: cell, isShared: true },
        shared: {
          cluster: hosting.cluster.clusterName,
          hostGroup: hosting.hostGroup.securityGroupId,
          hostProfile: hosting.hostProfile.instanceProfileArn,
          hostImage: image,
        },
      });
      acknowledge(
        host.volume,
        'CloudFormation-Validate::W3010',
        'Zones are named by the environment, so that synthesis asks no account.',
      );
      addCellAlarms(scopeOfHost, { topic, host, cellId: cell.id, slot });
      return host;
    });
  }
}
