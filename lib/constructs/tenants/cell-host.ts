import { type CfnCondition, CfnDeletionPolicy, CfnParameter, Fn, RemovalPolicy } from 'aws-cdk-lib';
import { CfnAutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import { CfnLaunchTemplate, CfnVolume } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge';
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
  /** Tells CloudWatch how full disk and memory are, once a minute. @default false */
  readonly measured?: boolean;
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
      tags: [
        { key: 'kolate:cell', value: cellId },
        { key: 'kolate:backup', value: 'tenants' },
      ],
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

  private makeLaunchTemplate({ slot, shared, cellId, size, measured }: CellHostProps): CfnLaunchTemplate {
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
          Fn.sub(measured ? attachScript + measureScript : attachScript, {
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
    'The plan of tenants’ volumes finds it by its tag kolate:backup.',
  );
  acknowledge(group, 'AwsSolutions-AS3', 'An alarm rings when nothing runs on the host any more, whatever the reason.');
  acknowledge(
    group,
    `${guard}mixed_instances_policy_multiple_instance_types_check`,
    'The room of a host is what tenants are placed by: another type has another.',
  );
  acknowledge(group, `${guard}multiple_az_check`, 'A volume is in one zone; each host has a group of its own.');
}

/** What a host of a shared cell says of itself, in percent, by CellId and Slot. */
export const cellMetrics = { namespace: 'Kolate/Cells', disk: 'DiskUsed', memory: 'MemoryUsed' } as const;

/** `${!x}` is the shell's own; `${x}` is substituted by CloudFormation. */
const attachScript = `#!/bin/bash
set -euo pipefail
token=$(curl -sf -X PUT http://169.254.169.254/latest/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 300')
instance=$(curl -sf -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-id)
volume=\${Volume}
for try in $(seq 90); do
  aws ec2 attach-volume --region \${AWS::Region} --volume-id $volume --instance-id $instance --device /dev/sdf && break || sleep 5
done
disk=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol\${!volume#vol-}
for try in $(seq 60); do [ -e $disk ] && break || sleep 2; done
[ -e $disk ] || { echo "the volume $volume did not come"; exit 1; }
blkid $disk || mkfs.xfs $disk
mkdir -p /data
mount -o noatime,prjquota $disk /data
cat >> /etc/ecs/ecs.config <<EOF
ECS_CLUSTER=\${Cluster}
ECS_INSTANCE_ATTRIBUTES={"kolate.cell":"\${CellId}","kolate.slot":"\${Slot}"}
ECS_ENABLE_TASK_IAM_ROLE=true
ECS_AWSVPC_BLOCK_IMDS=true
EOF
`;

const measureScript = `cat > /usr/local/bin/measure <<'EOF'
#!/bin/bash
disk=$(df --output=pcent /data | tail -1 | tr -dc 0-9)
memory=$(free | awk '/^Mem:/ { printf "%d", ($2 - $7) * 100 / $2 }')
for pair in ${cellMetrics.disk}=$disk ${cellMetrics.memory}=$memory; do
  aws cloudwatch put-metric-data --region \${AWS::Region} --namespace ${cellMetrics.namespace} --unit Percent \\
    --metric-name \${!pair%=*} --value \${!pair#*=} --dimensions CellId=\${CellId},Slot=\${Slot}
done
EOF
chmod 755 /usr/local/bin/measure
systemd-run --on-active=60 --on-unit-active=60 --unit=measure /usr/local/bin/measure
`;
