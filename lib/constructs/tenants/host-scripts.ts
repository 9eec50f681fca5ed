import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tenantUse } from '../../../src/contracts/cells';
import { tenantStackPrefix } from './provisioning-role';

// User data of hosts: run when a host is made, and never again. What has to be there after a reboot is a unit of systemd.
// `${!x}` is the shell's own; `${x}` is substituted by CloudFormation.

/** What a host of a shared cell says of itself, in percent, by CellId and Slot. */
export const cellMetrics = { namespace: tenantUse.namespace, disk: 'DiskUsed', memory: 'MemoryUsed' } as const;

/** Takes the volume of the host, and joins the cluster as the slot whose tasks are on that volume. */
export const attachScript = `#!/bin/bash
set -euo pipefail
# Amazon's image for hosts of ECS is made from the smallest of Amazon Linux, which has no command line of AWS.
for try in $(seq 5); do
  command -v aws > /dev/null || dnf install -y -q awscli-2 && break || sleep 10
done
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
# A reboot mounts it again; engines that ran without it would begin anew on the disk of the system.
echo "$disk /data xfs noatime,prjquota,nofail 0 2" >> /etc/fstab
mkdir -p /etc/systemd/system/ecs.service.d
printf '[Unit]\\nRequiresMountsFor=/data\\n' > /etc/systemd/system/ecs.service.d/data.conf
systemctl daemon-reload
mount /data
cat >> /etc/ecs/ecs.config <<EOF
ECS_CLUSTER=\${Cluster}
ECS_INSTANCE_ATTRIBUTES={"kolate.cell":"\${CellId}","kolate.slot":"\${Slot}"}
ECS_ENABLE_TASK_IAM_ROLE=true
ECS_AWSVPC_BLOCK_IMDS=true
EOF
`;

/** The commands that have the host run a program of its own again and again, from now on and after each boot. */
const everySeconds = (seconds: number, name: string, command = `/usr/local/bin/${name}`): string => `\
chmod 755 /usr/local/bin/${name}
cat > /etc/systemd/system/${name}.service <<'EOF'
[Unit]
RequiresMountsFor=/data
[Service]
Type=oneshot
ExecStart=${command}
EOF
cat > /etc/systemd/system/${name}.timer <<'EOF'
[Timer]
OnActiveSec=${seconds}
OnUnitInactiveSec=${seconds}
AccuracySec=1
[Install]
WantedBy=timers.target
EOF
systemctl daemon-reload
systemctl enable --now ${name}.timer
`;

/** Gives each tenant of a shared host the limit that its task asks for. */
export const limitScript = (): string => `cat > /usr/local/bin/limit-tenants <<'EOF'
${readFileSync(join(process.cwd(), 'images/host/limit-tenants'), 'utf8').replaceAll('${', '${!')}EOF
${everySeconds(10, 'limit-tenants', '/usr/local/bin/limit-tenants /data')}`;

/**
 * Once a minute how full the host is, and every ten what each tenant takes of it: memory of its containers without the
 * cache of files, and its folder. A tenant's container is told by its task definition's family, its folder by its id.
 */
export const measureScript = `cat > /usr/local/bin/measure <<'EOF'
#!/bin/bash
disk=$(df --output=pcent /data | tail -1 | tr -dc 0-9)
memory=$(free | awk '/^Mem:/ { printf "%d", ($2 - $7) * 100 / $2 }')
for pair in ${cellMetrics.disk}=$disk ${cellMetrics.memory}=$memory; do
  aws cloudwatch put-metric-data --region \${AWS::Region} --namespace ${cellMetrics.namespace} --unit Percent \\
    --metric-name \${!pair%=*} --value \${!pair#*=} --dimensions CellId=\${CellId},Slot=\${Slot}
done
EOF
${everySeconds(60, 'measure')}cat > /usr/local/bin/measure-tenants <<'EOF'
#!/bin/bash
for folder in /data/*-*-*-*-*; do
  [ -d $folder ] || continue
  tenant=\${!folder##*/}
  disk=$(nice -n 19 ionice -c 3 du -sm $folder | cut -f 1)
  containers=$(docker ps --quiet --filter label=com.amazonaws.ecs.task-definition-family=${tenantStackPrefix}$tenant)
  memory=0
  [ -z "$containers" ] || memory=$(docker stats --no-stream --format '{{.MemUsage}}' $containers | cut -d ' ' -f 1 \\
    | numfmt --from=iec-i --suffix=B | awk '{ sum += $1 } END { printf "%d", sum / 1048576 }')
  aws cloudwatch put-metric-data --region \${AWS::Region} --namespace ${tenantUse.namespace} --metric-data \\
    "MetricName=${tenantUse.memory},Unit=Megabytes,Value=$memory,Dimensions=[{Name=${tenantUse.dimension},Value=$tenant}]" \\
    "MetricName=${tenantUse.disk},Unit=Megabytes,Value=$disk,Dimensions=[{Name=${tenantUse.dimension},Value=$tenant}]"
done
EOF
${everySeconds(600, 'measure-tenants')}`;
