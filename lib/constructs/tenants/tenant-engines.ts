import { Fn, Token } from 'aws-cdk-lib';
import { CfnTaskDefinition, CfnService as EcsService } from 'aws-cdk-lib/aws-ecs';
import type { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnService as DnsService } from 'aws-cdk-lib/aws-servicediscovery';
import { Construct } from 'constructs';
import { folderMemoryMib } from '../../../src/contracts/cells';
import { enginePorts, tenantHost } from '../../../src/contracts/tenant-hosts';
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
  /** Of the host that the engines are pinned to. */
  readonly place: { readonly cellId: string; readonly slot: string; readonly subnet: string };
  readonly memoryMib: { readonly postgres: number; readonly mongo: number; readonly valkey: number };
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
    const { shared, tenantId, place } = props;
    const task = this.task(props);
    explain(task);
    const dns = new DnsService(this, 'Name', {
      name: tenantId,
      dnsConfig: { namespaceId: shared.namespace, dnsRecords: [{ type: 'A', ttl: 10 }] },
      healthCheckCustomConfig: {},
    });
    this.host = tenantHost(tenantId);
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
  }

  private task(props: TenantEnginesProps): CfnTaskDefinition {
    const { shared, tenantId, taskRoleArn } = props;
    const folderOf = (engine: Engine) => Fn.join('', ['/data/', tenantId, `/${engine}`]);
    return new CfnTaskDefinition(this, 'Task', {
      family: Fn.join('', ['kolate-tenant-', tenantId]),
      networkMode: 'awsvpc',
      requiresCompatibilities: ['EC2'],
      taskRoleArn,
      executionRoleArn: shared.executionRole,
      volumes: [
        ...engines.map((engine) => ({ name: engine, host: { sourcePath: folderOf(engine) } })),
        ...engines.flatMap((engine) => [{ name: `${engine}-tmp` }, { name: `${engine}-run` }]),
      ],
      containerDefinitions: [ownerOfFolders(props), ...engines.map((engine) => container(engine, props))],
    });
  }
}

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

/** Folders that Docker makes on the host belong to root: this gives them to the engines, and ends. */
function ownerOfFolders(props: TenantEnginesProps): CfnTaskDefinition.ContainerDefinitionProperty {
  return {
    name: 'folders',
    image: props.shared.valkeyImage,
    essential: false,
    user: '0',
    readonlyRootFilesystem: true,
    memoryReservation: folderMemoryMib,
    entryPoint: ['/bin/chown'],
    command: [engineUser, ...engines.map((engine) => `/data/${engine}`)],
    mountPoints: engines.map((engine) => ({ sourceVolume: engine, containerPath: `/data/${engine}` })),
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
