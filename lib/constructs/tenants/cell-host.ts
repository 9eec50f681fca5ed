import { type CfnCondition, CfnDeletionPolicy, CfnParameter, Fn, RemovalPolicy } from 'aws-cdk-lib';
import { CfnAutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import { CfnLaunchTemplate, CfnVolume } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge';
import { attachScript, limitScript, measureScript } from './host-scripts';
import { type Shared, textParameter } from './tenant-parameters';

export type CellHostProps = {
  /** Text, since it may be a parameter. */
  readonly slot: string;
  readonly zone: string;
  readonly subnet: string;
  readonly shared: Pick<Shared, 'cluster' | 'hostImage' | 'hostProfile' | 'hostGroup'>;
  readonly cellId: string;
  readonly keyArn: string;
  readonly size: CellSize;
  /** Limits what each tenant stores, and tells CloudWatch what is used. @default false */
  readonly isShared?: boolean;
  /** @default - always made */
  readonly condition?: CfnCondition;
};

export type CellSize = { readonly instanceType: string; readonly volumeGib: number; readonly volumeIops: number };

/** The sizes of a cell as parameters of its template. */
export const readCellSize = (scope: Construct): CellSize => ({
  instanceType: textParameter(scope, 'InstanceType', {
    default: 't4g.medium',
    allowedPattern: '^[a-z0-9]+g[a-z]*\\.[a-z0-9]+$',
  }),
  volumeGib: new CfnParameter(scope, 'VolumeGib', { type: 'Number', default: 40, minValue: 10, maxValue: 16_384 })
    .valueAsNumber,
  volumeIops: new CfnParameter(scope, 'VolumeIops', {
    type: 'Number',
    default: 3_000,
    minValue: 3_000,
    maxValue: 16_000,
  }).valueAsNumber,
});

/**
 * One host of a cell and the volume that outlives it: a group of one replaces a host that fails in the same zone, and the
 * new host attaches the volume again before any task is placed on it.
 */
export class CellHost extends Construct {
  readonly volume: CfnVolume;
  readonly group: CfnAutoScalingGroup;
  readonly launchTemplate: CfnLaunchTemplate;

  constructor(scope: Construct, id: string, props: CellHostProps) {
    super(scope, id);
    const { zone, subnet, cellId, keyArn, size, condition } = props;
    this.volume = new CfnVolume(this, 'Volume', {
      availabilityZone: zone,
      volumeType: 'gp3',
      size: size.volumeGib,
      iops: size.volumeIops,
      encrypted: true,
      kmsKeyId: keyArn,
      tags: [{ key: 'kolate:cell', value: cellId }],
    });
    this.volume.applyRemovalPolicy(RemovalPolicy.SNAPSHOT);
    this.volume.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.SNAPSHOT;
    const template = this.makeLaunchTemplate(props);
    this.launchTemplate = template;
    this.group = new CfnAutoScalingGroup(this, 'Group', {
      minSize: '1',
      maxSize: '1',
      desiredCapacity: '1',
      vpcZoneIdentifier: [subnet],
      healthCheckType: 'EC2',
      healthCheckGracePeriod: 300,
      launchTemplate: { launchTemplateId: template.ref, version: template.attrLatestVersionNumber },
      tags: [{ key: 'kolate:cell', value: cellId, propagateAtLaunch: true }],
    });
    // A volume can be held by one host at a time: the old one goes before the new one comes.
    this.group.cfnOptions.updatePolicy = {
      autoScalingRollingUpdate: { minInstancesInService: 0, maxBatchSize: 1, pauseTime: 'PT5M' },
    };
    for (const resource of [this.volume, template, this.group]) resource.cfnOptions.condition = condition;
    explain(this);
  }

  private makeLaunchTemplate({ slot, shared, cellId, size, isShared }: CellHostProps): CfnLaunchTemplate {
    return new CfnLaunchTemplate(this, 'Template', {
      launchTemplateData: {
        imageId: shared.hostImage,
        instanceType: size.instanceType,
        iamInstanceProfile: { arn: shared.hostProfile },
        securityGroupIds: [shared.hostGroup],
        metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1 },
        monitoring: { enabled: true },
        blockDeviceMappings: [{ deviceName: '/dev/xvda', ebs: { volumeSize: 30, volumeType: 'gp3', encrypted: true } }],
        userData: Fn.base64(
          Fn.sub(attachScript + (isShared ? limitScript() + measureScript : ''), {
            Volume: this.volume.ref,
            Cluster: shared.cluster,
            CellId: cellId,
            Slot: slot,
          }),
        ),
      },
    });
  }
}

function explain({ volume, group }: CellHost): void {
  const guard = 'cdk-validator-cfnguard::autoscaling_';
  acknowledge(
    volume,
    'NIST.800.53.R5-EC2EBSInBackupPlan',
    'The environment’s daily plan finds it by its tag kolate:backup.',
  );
  acknowledge(group, 'AwsSolutions-AS3', 'An alarm rings when nothing runs on the host any more, whatever the reason.');
  acknowledge(
    group,
    `${guard}mixed_instances_policy_multiple_instance_types_check`,
    'The room of a host is what tenants are placed by: another type has another.',
  );
  acknowledge(group, `${guard}multiple_az_check`, 'A volume is in one zone; each host has a group of its own.');
}
