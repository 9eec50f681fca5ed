import { CustomResource, Duration, Fn, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { type IManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { MigrationsEnv } from '../../src/contracts/env/migrations-env';
import type { Environment } from '../config/environment';
import { acknowledge } from './acknowledge';
import type { CorePostgres } from './core-postgres';
import { explainWildcard } from './explain-wildcard';
import { KolateLambda } from './kolate-lambda';
import { serviceImage } from './services/service-image';

export type MigrationTaskProps = {
  readonly vpc: ec2.IVpc;
  /** Of the logs; a `KolateKey`. */
  readonly key: IKey;
  readonly postgres: CorePostgres;
  readonly permissionsBoundary: IManagedPolicy;
  readonly alarmTopic: ITopic;
  readonly logDays: Environment['logDays'];
};

const container = 'app';
const memoryMib = 512;
/** The longest that a Lambda may wait for the task. */
const longest = Duration.minutes(15);
/** Where the image has the authorities of RDS. */
const authorities = '/app/aws-database-authorities.pem';

/**
 * Brings the core database to the schema of this deployment by a task that runs once, whenever its image is another one.
 * What depends on it changes after the task has ended well; when it fails the deployment is rolled back, the schema is not.
 */
export class MigrationTask extends Construct {
  constructor(scope: Construct, id: string, props: MigrationTaskProps) {
    super(scope, id);
    const { vpc, postgres } = props;
    const cluster = new ecs.Cluster(this, 'Cluster', { vpc, containerInsightsV2: ecs.ContainerInsights.DISABLED });
    for (const id of ['AwsSolutions-ECS4', 'cdk-validator-cfnguard::ecs_container_insights_enabled_check']) {
      acknowledge(cluster, id, 'It runs one task a deployment, which says in its log how it went.');
    }
    const securityGroup = new ec2.SecurityGroup(this, 'Group', {
      vpc,
      allowAllOutbound: false,
      description: 'Migrations of the core database',
    });
    securityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(443), 'Endpoints of AWS: image, secret, log');
    postgres.allowFrom(securityGroup);
    const definition = this.defineTask(props);
    const runner = this.addRunner(props, cluster, definition);
    const run = new CustomResource(this, 'Run', {
      resourceType: 'Custom::Migrations',
      serviceToken: runner.function.functionArn,
      serviceTimeout: longest.plus(Duration.minutes(1)),
      properties: {
        Cluster: cluster.clusterName,
        TaskDefinition: definition.taskDefinitionArn,
        Container: container,
        Subnets: Fn.join(',', vpc.selectSubnets({ subnetGroupName: 'app' }).subnetIds),
        SecurityGroups: securityGroup.securityGroupId,
      },
    });
    acknowledge(
      this,
      'NIST.800.53.R5-IAMNoInlinePolicy',
      'Each policy is of one role and goes with it; a managed one could be attached elsewhere by mistake.',
    );
    // With their policies and rules, without which the task does not get far.
    run.node.addDependency(definition, definition.obtainExecutionRole(), runner, securityGroup);
  }

  private defineTask({ key, logDays, postgres, permissionsBoundary }: MigrationTaskProps): ecs.FargateTaskDefinition {
    const role = (roleId: string) =>
      new Role(this, roleId, { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'), permissionsBoundary });
    const executionRole = role('ExecutionRole');
    postgres.grantAdmin(executionRole);
    const definition = new ecs.FargateTaskDefinition(this, 'Definition', {
      cpu: 256,
      memoryLimitMiB: memoryMib,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      taskRole: role('Role'),
      executionRole,
      volumes: [{ name: 'tmp' }],
    });
    const logGroup = new LogGroup(this, 'Log', {
      encryptionKey: key,
      retention: logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const environment: Omit<Record<keyof MigrationsEnv, string>, 'KOLATE_POSTGRES_PASSWORD'> = {
      KOLATE_LOG_LEVEL: 'info',
      KOLATE_POSTGRES_URL: postgres.url(postgres.adminUser),
      KOLATE_POSTGRES_CA: authorities,
    };
    definition
      .addContainer(container, {
        image: ecs.ContainerImage.fromDockerImageAsset(serviceImage(this, 'Image', 'migrations')),
        user: '10001:10001',
        readonlyRootFilesystem: true,
        memoryLimitMiB: memoryMib,
        environment,
        secrets: { KOLATE_POSTGRES_PASSWORD: ecs.Secret.fromSecretsManager(postgres.adminSecret, 'password') },
        stopTimeout: Duration.seconds(30),
        logging: ecs.LogDrivers.awsLogs({ logGroup, streamPrefix: 'migrations' }),
      })
      .addMountPoints({ sourceVolume: 'tmp', containerPath: '/tmp', readOnly: false });
    acknowledge(definition, 'AwsSolutions-ECS2', 'The variables say where things are; the password is a secret.');
    const pulling = 'The token with which ECS pulls images is of no named resource.';
    acknowledge(executionRole, 'AwsSolutions-IAM5[Resource::*]', pulling);
    return definition;
  }

  private addRunner(props: MigrationTaskProps, cluster: ecs.Cluster, definition: ecs.FargateTaskDefinition) {
    const { key, logDays, alarmTopic } = props;
    const runner = new KolateLambda(this, 'Runner', {
      handler: 'run-migrations',
      description: 'Runs migrations as a task, and answers CloudFormation when it has ended',
      environment: { KOLATE_POLL_MS: '5000' },
      ...{ key, logDays, alarmTopic },
      timeout: longest,
      concurrency: 1,
      async: true,
    });
    definition.grantRun(runner);
    const tasks = cluster.arnForTasks('*');
    runner.function.addToRolePolicy(
      new PolicyStatement({ actions: ['ecs:DescribeTasks', 'ecs:StopTask'], resources: [tasks] }),
    );
    const ofOwnCluster =
      'Of a cluster that has no other tasks than those that it starts, whose ids nobody knows before.';
    explainWildcard(runner, tasks, ofOwnCluster);
    return runner;
  }
}
