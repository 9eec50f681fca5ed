import { type CfnCondition, Fn, Token } from 'aws-cdk-lib';
import { CfnTaskDefinition, CfnService as EcsService } from 'aws-cdk-lib/aws-ecs';
import type { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnService as DnsService } from 'aws-cdk-lib/aws-servicediscovery';
import { Construct } from 'constructs';
import { folderMemoryMib } from '../../../src/contracts/cells';
import { enginePorts, tenantMemberHost, tenantMemberHosts } from '../../../src/contracts/tenant-hosts';
import { acknowledge } from '../acknowledge';
import type { Shared } from './tenant-parameters';

export type TenantEnginesProps = {
  readonly shared: Shared;
  readonly tenantId: string;
  readonly credentialsArn: string;
  /** Secret of the certificate that the engines show, and its key. */
  readonly tlsArn: string;
  readonly taskRoleArn: string;
  readonly groupId: string;
  readonly log: CfnLogGroup;
  readonly region: string;
  /** Which member of the tenant's engines it is, and when there are three; all but the first are made only then. */
  readonly member: { readonly index: 1 | 2 | 3; readonly three: CfnCondition };
  /** Of the host that the engines are pinned to. */
  readonly place: { readonly cellId: string; readonly slot: string; readonly subnet: string };
  readonly memoryMib: { readonly postgres: number; readonly mongo: number; readonly valkey: number };
  /** What it may store on its host; text, since it is a parameter. 0: all that there is. */
  readonly diskGib: string;
};

export type Engine = keyof typeof enginePorts;
const engines = Object.keys(enginePorts) as Engine[];
/** Of the platform's engine images: they run as nobody else. */
const engineUser = '10001:10001';
/** Which of the tenant's credentials each engine reads. */
const passwordKeys: Readonly<Record<Engine, readonly (readonly [variable: string, key: string])[]>> = {
  postgres: [
    ['PASSWORD', 'postgres'],
    ['PASSWORD_CLONE', 'postgresClone'],
  ],
  mongo: [
    ['PASSWORD', 'mongo'],
    ['PASSWORD_CLONE', 'mongoClone'],
  ],
  valkey: [
    ['PASSWORD', 'redis'],
    ['PASSWORD_CLONE', 'redisClone'],
    ['MAINTENANCE_PASSWORD', 'redisMaintenance'],
    ['MAINTENANCE_PASSWORD_CLONE', 'redisMaintenanceClone'],
  ],
};

const tlsKeys: readonly (readonly [variable: string, key: string])[] = [
  ['TLS_CERTIFICATE', 'certificate'],
  ['TLS_KEY', 'key'],
];

/**
 * A tenant's PostgreSQL, MongoDB and Valkey in one task: a host's network interfaces would not do for a task each. The
 * task is pinned to the host that holds the tenant's data.
 */
export class TenantEngines extends Construct {
  readonly host: string;
  readonly service: EcsService;

  constructor(scope: Construct, id: string, props: TenantEnginesProps) {
    super(scope, id);
    const { shared, tenantId, place, member } = props;
    const task = this.task(props);
    explain(task);
    const dns = new DnsService(this, 'Name', {
      name: suffixed(tenantId, member.index),
      dnsConfig: { namespaceId: shared.namespace, dnsRecords: [{ type: 'A', ttl: 10 }] },
      healthCheckCustomConfig: {},
    });
    this.host = tenantMemberHost(tenantId, member.index);
    this.service = new EcsService(this, 'Service', {
      cluster: shared.cluster,
      taskDefinition: task.ref,
      desiredCount: 1,
      launchType: 'EC2',
      schedulingStrategy: 'REPLICA',
      placementConstraints: [
        {
          type: 'memberOf',
          expression: Fn.join('', [
            'attribute:kolate.cell == ',
            place.cellId,
            ' and attribute:kolate.slot == ',
            place.slot,
          ]),
        },
      ],
      // Two engines on one data folder would break it: the old task ends before the new one begins.
      deploymentConfiguration: {
        minimumHealthyPercent: 0,
        maximumPercent: 100,
        deploymentCircuitBreaker: { enable: true, rollback: true },
      },
      networkConfiguration: {
        awsvpcConfiguration: { subnets: [place.subnet], securityGroups: [props.groupId], assignPublicIp: 'DISABLED' },
      },
      serviceRegistries: [{ registryArn: dns.attrArn }],
      enableEcsManagedTags: true,
      propagateTags: 'SERVICE',
      tags: [{ key: 'kolate:tenant', value: tenantId }],
    });
    if (member.index > 1) for (const each of [task, dns, this.service]) each.cfnOptions.condition = member.three;
  }

  private task(props: TenantEnginesProps): CfnTaskDefinition {
    const { shared, tenantId, taskRoleArn, member } = props;
    // FerretDB's store has no copies yet: documents are on the first member's host alone.
    const own = engines.filter((engine) => member.index === 1 || engine !== 'mongo');
    const folderOf = (engine: Engine) => Fn.join('', ['/data/', tenantId, `/${engine}`]);
    return new CfnTaskDefinition(this, 'Task', {
      family: Fn.join('', ['kolate-tenant-', suffixed(tenantId, member.index)]),
      networkMode: 'awsvpc',
      requiresCompatibilities: ['EC2'],
      taskRoleArn,
      executionRoleArn: shared.executionRole,
      volumes: [
        ...engines.map((engine) => ({ name: engine, host: { sourcePath: folderOf(engine) } })),
        ...engines.flatMap((engine) => [{ name: `${engine}-tmp` }, { name: `${engine}-run` }]),
        // Of this tenant alone, and no folder of its engines: these cannot say how much they may store.
        { name: 'limits', host: { sourcePath: Fn.join('', ['/data/limits/', tenantId]) } },
      ],
      containerDefinitions: [ownerOfFolders(props), ...own.map((engine) => container(engine, props))],
    });
  }
}

/** The first member is called as the engines of a tenant that has one. */
const suffixed = (tenantId: string, index: number): string =>
  index === 1 ? tenantId : Fn.join('', [tenantId, `-${index}`]);

/** Variables of a member's engines: who all are, and which one this is. One by itself knows of none: its list is empty. */
const memberVariables = ({ tenantId, member: { index, three } }: TenantEnginesProps) => {
  const all = tenantMemberHosts(tenantId, 3).join();
  return [
    // The others are there by the same condition.
    { name: 'MEMBERS', value: index === 1 ? Fn.conditionIf(three.logicalId, all, '').toString() : all },
    { name: 'MEMBER', value: String(index) },
  ];
};

function explain(task: CfnTaskDefinition): void {
  const guard = 'cdk-validator-cfnguard::ecs_task_definition_';
  acknowledge(task, 'AwsSolutions-ECS2', 'Whose engines they are, and their size; what is secret is a secret.');
  acknowledge(
    task,
    `${guard}memory_hard_limit_check`,
    'Memory that nobody uses is everybody’s cache; who takes more than was given is measured, and placed by that.',
  );
  for (const id of ['Kolate::containers-confined', `${guard}nonroot_user_check`]) {
    acknowledge(task, id, 'The container that gives folders of root to the engines ends before they start.');
  }
}

const logTo = ({ log, region }: TenantEnginesProps, prefix: string) => ({
  logDriver: 'awslogs',
  options: { 'awslogs-group': log.ref, 'awslogs-region': region, 'awslogs-stream-prefix': prefix },
});

/**
 * Asks the host (images/host/limit-tenants) for a limit to what the tenant stores. Its first start waits for that: what is
 * written before would be moved between folders with the id and without, which XFS refuses.
 */
export const prepareFolders = `set -eu
chown ${engineUser} ${engines.map((engine) => `/data/${engine}`).join(' ')}
[ "$DISK_GIB" = 0 ] && exit 0
echo "$DISK_GIB" > /limits/gib.new
mv /limits/gib.new /limits/gib
for try in $(seq 60); do
  [ -s /limits/set ] && exit 0
  sleep 1
done
echo "the host has not limited what this tenant may store" >&2
exit 1
`;

/** Folders that Docker makes on the host belong to root: this gives them to the engines, and ends. */
function ownerOfFolders(props: TenantEnginesProps): CfnTaskDefinition.ContainerDefinitionProperty {
  return {
    name: 'folders',
    image: props.shared.valkeyImage,
    essential: false,
    user: '0',
    readonlyRootFilesystem: true,
    memoryReservation: folderMemoryMib,
    entryPoint: ['/bin/bash', '-c'],
    command: [prepareFolders],
    environment: [{ name: 'DISK_GIB', value: props.diskGib }],
    mountPoints: [
      ...engines.map((engine) => ({ sourceVolume: engine, containerPath: `/data/${engine}` })),
      { sourceVolume: 'limits', containerPath: '/limits' },
    ],
    logConfiguration: logTo(props, 'folders'),
  };
}

function container(engine: Engine, props: TenantEnginesProps): CfnTaskDefinition.ContainerDefinitionProperty {
  const { shared, tenantId, credentialsArn, tlsArn, memoryMib } = props;
  const secret =
    (arn: string) =>
    ([name, key]: readonly [string, string]) => ({
      name,
      valueFrom: Fn.join('', [arn, `:${key}::`]),
    });
  return {
    name: engine,
    image: shared[`${engine}Image`],
    essential: true,
    dependsOn: [{ containerName: 'folders', condition: 'SUCCESS' }],
    memoryReservation: memoryMib[engine],
    user: engineUser,
    readonlyRootFilesystem: true,
    stopTimeout: 120,
    linuxParameters: { initProcessEnabled: true },
    portMappings: [{ containerPort: enginePorts[engine], protocol: 'tcp' }],
    environment: [
      { name: 'TENANT_ID', value: tenantId },
      { name: 'MEMORY_MIB', value: Token.asString(memoryMib[engine]) },
      ...memberVariables(props),
    ],
    secrets: [...passwordKeys[engine].map(secret(credentialsArn)), ...tlsKeys.map(secret(tlsArn))],
    mountPoints: [
      { sourceVolume: engine, containerPath: '/data' },
      { sourceVolume: `${engine}-tmp`, containerPath: '/tmp' },
      { sourceVolume: `${engine}-run`, containerPath: '/run' },
    ],
    logConfiguration: logTo(props, engine),
    healthCheck: { command: ['CMD', '/healthcheck'], interval: 15, timeout: 5, retries: 4, startPeriod: 120 },
  };
}
