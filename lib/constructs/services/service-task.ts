import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { type IManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Size } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { ServiceName } from '../../../src/contracts/http/route';
import type { ServiceSize } from '../../config/environment';
import { explainRetention } from '../explain-retention';
import { serviceImage } from './service-image';
import { ports, splitVariables, type VariableValue } from './service-variables';
import { addTraceCollector, collectorEndpoint, collectorMib } from './trace-collector';

export type ServiceTaskProps = {
  readonly name: ServiceName;
  readonly size: ServiceSize;
  readonly variables: Readonly<Record<string, VariableValue | undefined>>;
  readonly permissionsBoundary: IManagedPolicy;
  /** Of the log; a `KolateKey`. */
  readonly key: IKey;
  readonly logDays: number;
  /** Of the metrics that it publishes. */
  readonly metricNamespace: string;
  /** How long it may go on with what it has begun. */
  readonly drainMs: number;
  /** Share of the memory for JavaScript objects; the rest is for what is outside of the heap. */
  readonly heapShare: number;
  readonly grpc: boolean;
  /**
   * A process that ends is started anew in its task, where it finds the files it left in /tmp; one that ends twice within a
   * minute takes the task with it.
   */
  readonly restartInPlace: boolean;
  /** Exports spans, through a collector beside it. */
  readonly traces: boolean;
};

/** From the deadline for draining to SIGKILL: to say goodbye to groups and to write the log out. */
const lastWordsMs = 10_000;
/** Of each task, for the proxy of Service Connect, which has no limit of its own. */
const proxyMib = 64;
/** As Fargate has it. */
const maxStopMs = 120_000;

/** What one task of a service is: an image as nobody on a read-only root, with two roles of its own and a log. */
export class ServiceTask extends Construct {
  readonly definition: ecs.FargateTaskDefinition;
  readonly container: ecs.ContainerDefinition;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: ServiceTaskProps) {
    super(scope, id);
    const { name, size, drainMs } = props;
    if (drainMs + lastWordsMs > maxStopMs) {
      throw new Error(`service ${name}: drainMs is ${drainMs}; expected at most ${maxStopMs - lastWordsMs}`);
    }
    this.logGroup = new LogGroup(this, 'Log', {
      encryptionKey: props.key,
      retention: props.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    explainRetention(this.logGroup, props.logDays);
    this.definition = new ecs.FargateTaskDefinition(this, 'Definition', {
      cpu: size.cpu,
      memoryLimitMiB: size.memoryMib,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      taskRole: this.role('Role', props.permissionsBoundary),
      executionRole: this.role('ExecutionRole', props.permissionsBoundary),
      volumes: [{ name: 'tmp' }],
    });
    this.container = this.addContainer(props);
    if (props.traces) addTraceCollector(this.container, this.logDriver('traces'));
    this.explain();
  }

  /** Into the service's log; sidecars of ECS write there too. */
  logDriver(streamPrefix: string): ecs.LogDriver {
    return ecs.LogDrivers.awsLogs({
      logGroup: this.logGroup,
      streamPrefix,
      // A log that cannot be written must not hold up requests.
      mode: ecs.AwsLogDriverMode.NON_BLOCKING,
      maxBufferSize: Size.mebibytes(25),
    });
  }

  private addContainer(props: ServiceTaskProps): ecs.ContainerDefinition {
    const { name, size, drainMs, restartInPlace } = props;
    const { environment, secrets } = splitVariables(props.variables);
    const memoryLimitMiB = size.memoryMib - proxyMib - (props.traces ? collectorMib : 0);
    const heapMib = Math.floor(memoryLimitMiB * props.heapShare);
    const http = { name: 'http', containerPort: ports.http, appProtocol: ecs.AppProtocol.http };
    const grpc = { name: 'grpc', containerPort: ports.grpc, appProtocol: ecs.AppProtocol.grpc };
    const container = this.definition.addContainer(name, {
      image: ecs.ContainerImage.fromDockerImageAsset(serviceImage(this, 'Image', name)),
      memoryLimitMiB,
      user: '10001:10001',
      readonlyRootFilesystem: true,
      essential: true,
      environment: {
        ...environment,
        KOLATE_HOST: '0.0.0.0',
        KOLATE_PORT: String(ports.http),
        KOLATE_LOG_LEVEL: 'info',
        KOLATE_DRAIN_TIMEOUT_MS: String(drainMs),
        KOLATE_METRICS_NAMESPACE: props.metricNamespace,
        ...(props.traces ? { KOLATE_TRACES_ENDPOINT: collectorEndpoint, KOLATE_TRACES_RATIO: '0.01' } : {}),
        NODE_OPTIONS: `--max-old-space-size=${heapMib}`,
      },
      secrets,
      portMappings: props.grpc ? [http, grpc] : [http],
      stopTimeout: Duration.millis(drainMs + lastWordsMs),
      healthCheck: {
        command: ['CMD', 'node', '/app/healthcheck.js'],
        interval: Duration.seconds(10),
        timeout: Duration.seconds(5),
        retries: 3,
        startPeriod: Duration.seconds(60),
      },
      linuxParameters: new ecs.LinuxParameters(this, 'Linux', { initProcessEnabled: true }),
      ulimits: [{ name: ecs.UlimitName.NOFILE, softLimit: 65_536, hardLimit: 65_536 }],
      logging: this.logDriver('app'),
      ...(restartInPlace ? { enableRestartPolicy: true, restartAttemptPeriod: Duration.seconds(60) } : {}),
    });
    container.addMountPoints({ sourceVolume: 'tmp', containerPath: '/tmp', readOnly: false });
    return container;
  }

  private role(id: string, permissionsBoundary: IManagedPolicy): Role {
    return new Role(this, id, { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'), permissionsBoundary });
  }

  private explain(): void {
    Validations.of(this.definition).acknowledge({
      id: 'AwsSolutions-ECS2',
      reason: 'The variables say where things are; what is secret comes from Secrets Manager.',
    });
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'The token with which ECS pulls images is of no named resource.',
    });
  }
}
