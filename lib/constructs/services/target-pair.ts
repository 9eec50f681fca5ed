import { Duration, Validations } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { AlternateTarget, ListenerRuleConfiguration } from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { CollectionPaths, withoutStage } from '../api/stage-paths';

/** A load balancer and its listener, of another stack. */
export type Entrance = {
  readonly alb: elbv2.ApplicationLoadBalancer;
  readonly listener: elbv2.IApplicationListener;
};

export type TargetPairProps = Entrance & {
  readonly vpc: IVpc;
  readonly protocol: 'http' | 'grpc';
  readonly port: number;
  /** Collections of http (`/v1/models`), patterns of grpc (`/package.Service/*`). */
  readonly paths: readonly string[];
  /** Of the rule among all rules of the listener. */
  readonly priority: number;
  /** A path that answers 200, for gRPC a call that answers OK to an empty message. */
  readonly healthPath: string;
};

type Statistic = 'Sum' | 'Maximum' | 'SampleCount' | `p${number}` | `TC(:${number})`;

/**
 * Two target groups behind one rule: tasks of one deployment in the one, of the next in the other, and ECS shifts the weights.
 * Which of them is in use changes with each deployment, so that metrics are of both.
 */
export class TargetPair extends Construct {
  readonly port: number;
  readonly blue: elbv2.ApplicationTargetGroup;
  private readonly green: elbv2.ApplicationTargetGroup;
  private readonly rule: elbv2.ApplicationListenerRule;
  private readonly balancerName: string;

  constructor(scope: Construct, id: string, props: TargetPairProps) {
    super(scope, id);
    this.port = props.port;
    this.balancerName = props.alb.loadBalancerFullName;
    this.blue = this.group('Blue', props);
    this.green = this.group('Green', props);
    const isHttp = props.protocol === 'http';
    this.rule = new elbv2.ApplicationListenerRule(this, 'Rule', {
      listener: props.listener,
      priority: props.priority,
      conditions: [isHttp ? new CollectionPaths(props.paths) : elbv2.ListenerCondition.pathPatterns([...props.paths])],
      action: elbv2.ListenerAction.weightedForward([
        { targetGroup: this.blue, weight: 1 },
        { targetGroup: this.green, weight: 0 },
      ]),
    });
    if (isHttp) withoutStage(this.rule);
  }

  /** For ECS, which shifts the weights as `role`. */
  alternate(role: IRole): AlternateTarget {
    return new AlternateTarget('Alternate', {
      alternateTargetGroup: this.green,
      productionListener: ListenerRuleConfiguration.applicationListenerRule(this.rule),
      role,
    });
  }

  /** Of both groups together: the sum of sums, the worst of everything else. */
  metric(metricName: string, statistic: Statistic, period = Duration.minutes(1)): MathExpression {
    const fold = statistic === 'Sum' ? 'SUM' : 'MAX';
    // Expressions are nested in others and stand beside others, where every id has to be another.
    const name = [this.node.id, metricName, statistic].join('_').replace(/\W/g, '');
    const [blue, green] = [`blue${name}`, `green${name}`];
    return new MathExpression({
      expression: `${fold}([FILL(${blue}, 0), FILL(${green}, 0)])`,
      label: statistic === 'Sum' ? metricName : `${metricName}, ${statistic}`,
      period,
      usingMetrics: {
        [blue]: this.of(this.blue, metricName, statistic),
        [green]: this.of(this.green, metricName, statistic),
      },
    });
  }

  /** Each group's own, for who sums by himself. */
  metricsOfEach(metricName: string, statistic: Statistic): Metric[] {
    return [this.of(this.blue, metricName, statistic), this.of(this.green, metricName, statistic)];
  }

  private of(group: elbv2.ApplicationTargetGroup, metricName: string, statistic: Statistic): Metric {
    return new Metric({
      namespace: 'AWS/ApplicationELB',
      metricName,
      // The name from the load balancer itself: by the listener of another stack the CDK makes up an invalid one.
      dimensionsMap: { LoadBalancer: this.balancerName, TargetGroup: group.targetGroupFullName },
      statistic,
    });
  }

  private group(id: string, { vpc, protocol, port, healthPath }: TargetPairProps): elbv2.ApplicationTargetGroup {
    const group = new elbv2.ApplicationTargetGroup(this, id, {
      vpc,
      port,
      protocol: elbv2.ApplicationProtocol.HTTP,
      protocolVersion:
        protocol === 'grpc' ? elbv2.ApplicationProtocolVersion.GRPC : elbv2.ApplicationProtocolVersion.HTTP1,
      targetType: elbv2.TargetType.IP,
      // Longer than any request that has begun may take.
      deregistrationDelay: Duration.seconds(30),
      loadBalancingAlgorithmType: elbv2.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
      healthCheck: {
        path: healthPath,
        interval: Duration.seconds(10),
        timeout: Duration.seconds(5),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 3,
        ...(protocol === 'grpc' ? { healthyGrpcCodes: '0' } : { healthyHttpCodes: '200' }),
      },
    });
    Validations.of(group).acknowledge({
      id: 'Kolate::encrypted-in-transit',
      reason:
        'From the load balancer to a task, inside of one VPC, AWS encrypts below us (Nitro). A certificate of the task would prove nothing: the balancer does not check it.',
    });
    return group;
  }
}
