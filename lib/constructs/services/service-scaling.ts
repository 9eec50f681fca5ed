import { Duration } from 'aws-cdk-lib';
import {
  CfnScalingPolicy,
  PredefinedMetric,
  ScalableTarget,
  ServiceNamespace,
} from 'aws-cdk-lib/aws-applicationautoscaling';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';
import type { ServiceSize } from '../../config/environment';

/** A sum of metrics that tasks share among them, and how much of it one task should have. */
export type SharedLoad = { readonly metrics: readonly IMetric[]; readonly perTask: number };

export type ServiceScalingProps = {
  readonly service: FargateService;
  readonly size: ServiceSize;
  /** Requests a minute. @default - none, where nobody sends any */
  readonly requests?: SharedLoad;
  /** Messages that wait. @default - none, where nothing is consumed */
  readonly lag?: SharedLoad;
};

const cooldown = { scaleOutCooldown: Duration.seconds(60), scaleInCooldown: Duration.minutes(5) };

/**
 * As many tasks as the busiest of processors, requests and messages asks for. Shared loads are divided by the tasks there
 * are, since the whole of a lag does not shrink with one more task as target tracking expects.
 */
export class ServiceScaling extends Construct {
  constructor(scope: Construct, id: string, { service, size, requests, lag }: ServiceScalingProps) {
    super(scope, id);
    const target = new ScalableTarget(this, 'Tasks', {
      serviceNamespace: ServiceNamespace.ECS,
      scalableDimension: 'ecs:service:DesiredCount',
      resourceId: `service/${service.cluster.clusterName}/${service.serviceName}`,
      minCapacity: size.minTasks,
      maxCapacity: size.maxTasks,
    });
    target.scaleToTrackMetric('Processors', {
      predefinedMetric: PredefinedMetric.ECS_SERVICE_AVERAGE_CPU_UTILIZATION,
      targetValue: 60,
      ...cooldown,
    });
    if (requests) this.track('Requests', target, service, requests);
    if (lag) this.track('Lag', target, service, lag);
  }

  /** The CDK's own policies take no expression. */
  private track(id: string, target: ScalableTarget, service: FargateService, { metrics, perTask }: SharedLoad): void {
    const parts = metrics.map((metric, index) => ({ id: `part${index}`, ...statOf(metric), returnData: false }));
    const sum = parts.map((part) => `FILL(${part.id}, 0)`).join(' + ');
    // Each running task sends one sample a minute: the count of tasks without Container Insights.
    const tasks = {
      ...statOf(service.metricCpuUtilization({ statistic: 'SampleCount' })),
      id: 'tasks',
      returnData: false,
    };
    new CfnScalingPolicy(this, id, {
      policyName: id,
      policyType: 'TargetTrackingScaling',
      scalingTargetId: target.scalableTargetId,
      targetTrackingScalingPolicyConfiguration: {
        targetValue: perTask,
        scaleOutCooldown: cooldown.scaleOutCooldown.toSeconds(),
        scaleInCooldown: cooldown.scaleInCooldown.toSeconds(),
        customizedMetricSpecification: {
          metrics: [...parts, tasks, { id: 'perTask', expression: `(${sum}) / tasks`, returnData: true }],
        },
      },
    });
  }
}

function statOf(metric: IMetric) {
  const stat = metric.toMetricConfig().metricStat;
  if (!stat) throw new Error('scaling: got an expression; expected a metric');
  const { namespace, metricName, dimensions = [], statistic } = stat;
  return {
    metricStat: {
      metric: {
        namespace,
        metricName,
        dimensions: dimensions.map(({ name, value }) => ({ name, value: String(value) })),
      },
      stat: statistic,
    },
  };
}
