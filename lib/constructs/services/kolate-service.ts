import { Duration, Stack } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { IGrantable, IManagedPolicy, IPrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { ServiceName } from '../../../src/contracts/http/route';
import { type PublishedMetric, serviceLabel } from '../../../src/contracts/metrics';
import type { Environment, ServiceSize } from '../../config/environment';
import type { Backlog } from './backlog';
import { deploymentOf } from './deployment';
import { grpcPatterns, httpCollections } from './path-patterns';
import { ServiceAlarms } from './service-alarms';
import type { ServiceCluster } from './service-cluster';
import { ServiceScaling } from './service-scaling';
import { ServiceTask } from './service-task';
import { ports, type ServiceVariables } from './service-variables';
import { type Entrance, TargetPair } from './target-pair';

export type KolateServiceProps<N extends ServiceName> = {
  readonly name: N;
  readonly cluster: ServiceCluster;
  readonly environment: Environment;
  readonly variables: ServiceVariables<N>;
  readonly permissionsBoundary: IManagedPolicy;
  /** A `KolateKey`. */
  readonly key: IKey;
  readonly alarmTopic: ITopic;
  /** Needed where the contracts have routes of it. */
  readonly entrance?: Entrance & { readonly priority: number };
  /** Needed where the contracts have calls of it. */
  readonly grpcEntrance?: Entrance & { readonly priority: number; readonly healthPath: string };
  /** Where requests come: how many a minute a whole processor can have, and what 95 of 100 may take. */
  readonly load?: { readonly requestsPerMinute: number; readonly p95Ms: number };
  /** Where it consumes. */
  readonly backlog?: Backlog;
  /** Groups beside its own, which let it in elsewhere. @default - none */
  readonly groups?: readonly ec2.ISecurityGroup[];
  /** @default 30 seconds */
  readonly drainMs?: number;
  /** @default 0.6 */
  readonly heapShare?: number;
  /** @default false */
  readonly restartInPlace?: boolean;
};

/**
 * One deployable of ours on Fargate: its image and variables, its rights, how requests reach it, how a new version takes
 * over from the old one, how many tasks there are, and what is told of it. Everything else it is granted and let into.
 */
export class KolateService<N extends ServiceName> extends Construct implements IGrantable, ec2.IConnectable {
  readonly service: ecs.FargateService;
  readonly connections: ec2.Connections;
  readonly grantPrincipal: IPrincipal;
  readonly targets: readonly TargetPair[];
  readonly logGroup: ILogGroup;
  readonly backlog: Backlog | undefined;
  /** Of what it publishes itself. */
  readonly metricNamespace: string;
  readonly name: N;

  constructor(scope: Construct, id: string, props: KolateServiceProps<N>) {
    super(scope, id);
    const { name, cluster, environment, key, alarmTopic } = props;
    const size = sizeOf(props);
    this.name = name;
    this.backlog = props.backlog;
    this.metricNamespace = `${Stack.of(this).stackName}/services`;
    const task = new ServiceTask(this, 'Task', {
      name,
      size,
      variables: props.variables,
      permissionsBoundary: props.permissionsBoundary,
      key,
      logDays: environment.logDays,
      metricNamespace: this.metricNamespace,
      drainMs: props.drainMs ?? 30_000,
      heapShare: props.heapShare ?? 0.6,
      grpc: props.grpcEntrance !== undefined,
      restartInPlace: props.restartInPlace ?? false,
      traces: environment.features.traces,
    });
    this.grantPrincipal = task.definition.taskRole.grantPrincipal;
    this.logGroup = task.logGroup;
    this.targets = this.addTargets(props);
    const alarms = new ServiceAlarms(this, 'Alarms', {
      name,
      topic: alarmTopic,
      logGroup: task.logGroup,
      metricNamespace: this.metricNamespace,
      targets: this.targets,
      p95Ms: props.load?.p95Ms ?? 1_000,
      stops: cluster.taskStops.metricOf(name),
      consumes: props.backlog !== undefined,
    });
    const group = new ec2.SecurityGroup(this, 'Group', {
      vpc: cluster.cluster.vpc,
      allowAllOutbound: false,
      description: `Tasks of ${name}`,
    });
    group.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, 'Endpoints of AWS, and the issuer of tokens');
    this.connections = new ec2.Connections({ securityGroups: [group] });
    this.service = new ecs.FargateService(this, 'Service', {
      cluster: cluster.cluster,
      taskDefinition: task.definition,
      vpcSubnets: { subnetGroupName: 'app' },
      securityGroups: [group, ...(props.groups ?? [])],
      assignPublicIp: false,
      ...deploymentOf({ size, balanced: this.targets.length > 0, alarms: alarms.ofDeployment }),
      serviceConnectConfiguration: this.mesh(name, cluster, task),
    });
    // Its namespace and its capacity providers too, which nothing of the service refers to.
    this.service.node.addDependency(cluster.cluster, ...(cluster.meshTls ? [cluster.meshTls.ready] : []));
    this.attachTargets(cluster, name);
    this.observe(props, size, alarms);
  }

  /** What the service says of itself, once a minute; counts as sums, levels as the highest. */
  metric(published: PublishedMetric, labels: Readonly<Record<string, string>>, period = Duration.minutes(1)): Metric {
    return new Metric({
      namespace: this.metricNamespace,
      metricName: published.name,
      dimensionsMap: { [serviceLabel]: this.name, ...labels },
      statistic: published.kind === 'count' ? Stats.SUM : Stats.MAXIMUM,
      period,
    });
  }

  private addTargets({ name, cluster, entrance, grpcEntrance }: KolateServiceProps<N>): TargetPair[] {
    const { vpc } = cluster.cluster;
    const pairs = [
      {
        id: 'Http',
        protocol: 'http',
        port: ports.http,
        paths: httpCollections(name),
        healthPath: '/healthz',
        at: entrance,
      },
      {
        id: 'Grpc',
        protocol: 'grpc',
        port: ports.grpc,
        paths: grpcPatterns(name),
        healthPath: grpcEntrance?.healthPath ?? '',
        at: grpcEntrance,
      },
    ] as const;
    return pairs.flatMap(({ id, at, ...pair }) => {
      const has = pair.paths.length > 0;
      if (has !== (at !== undefined)) {
        const expected = has
          ? 'an entrance, as the contracts have routes of it'
          : 'none, as the contracts have no routes';
        throw new Error(
          `service ${name}: its ${pair.protocol} entrance is ${at ? 'given' : 'missing'}; expected ${expected}`,
        );
      }
      return at ? [new TargetPair(this, id, { ...pair, ...at, healthPath: pair.healthPath, vpc })] : [];
    });
  }

  /** Rules of security groups between the load balancers and the tasks come with it, in this stack. */
  private attachTargets({ balancingRole }: ServiceCluster, containerName: N): void {
    for (const pair of this.targets) {
      const options = {
        containerName,
        containerPort: pair.port,
        alternateTarget: pair.alternate(balancingRole),
      };
      this.service.loadBalancerTarget(options).attachToApplicationTargetGroup(pair.blue);
    }
  }

  /**
   * By its name, other services reach it on port 80. The proxy listens on a port of its own: on the service's it would stand
   * between the load balancer and the service, and the balancer's health checks cannot do the TLS 1.3 that it wants.
   */
  private mesh(name: N, { meshTls }: ServiceCluster, task: ServiceTask): ecs.ServiceConnectProps {
    const tls = meshTls && { role: meshTls.role, kmsKey: meshTls.key, awsPcaAuthorityArn: meshTls.authorityArn };
    return {
      services: [
        {
          portMappingName: 'http',
          dnsName: name,
          port: 80,
          ingressPortOverride: ports.serviceConnect,
          ...(tls ? { tls } : {}),
        },
      ],
      logDriver: task.logDriver('service-connect'),
    };
  }

  private observe(
    { name, cluster, load, backlog }: KolateServiceProps<N>,
    size: ServiceSize,
    alarms: ServiceAlarms,
  ): void {
    const requests = load && {
      metrics: this.targets.flatMap((pair) => pair.metricsOfEach('RequestCount', 'Sum')),
      perTask: Math.round((load.requestsPerMinute * size.cpu) / 1_024),
    };
    new ServiceScaling(this, 'Scaling', { service: this.service, size, requests, lag: backlog });
    cluster.taskStops.count(name, this.service.serviceName);
    alarms.ofService(this.service);
    if (backlog) alarms.ofLag(backlog, size.maxTasks);
  }
}

/** @throws Error where there would be more tasks than partitions to share, and no requests to share either */
function sizeOf<N extends ServiceName>({ name, environment, backlog, load }: KolateServiceProps<N>): ServiceSize {
  const size: ServiceSize = environment.services[name];
  if (backlog && !load && size.maxTasks > backlog.partitions) {
    throw new Error(
      `services.${name}.maxTasks is ${size.maxTasks}; expected at most the ${backlog.partitions} partitions that its tasks share`,
    );
  }
  return size;
}
