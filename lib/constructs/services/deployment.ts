import { Duration } from 'aws-cdk-lib';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { ServiceSize } from '../../config/environment';

export type DeploymentOptions = {
  readonly size: ServiceSize;
  /** Whether it stands behind a load balancer. */
  readonly balanced: boolean;
  /** Each takes a deployment back. */
  readonly alarms: readonly IAlarm[];
};

/**
 * How a new version takes over: its tasks come beside the old ones, get a tenth of the requests for five minutes, then all, and
 * the old tasks stay for ten more. All of it is taken back when an alarm rings. ECS shifts requests at load balancers and in
 * Service Connect; messages it cannot: the partitions of a topic are shared by all tasks that there are, so that the new version
 * has about half of them as long as both run. A service that nobody asks anything, as core, gets that half as its trial.
 */
export function deploymentOf({ size, balanced, alarms }: DeploymentOptions) {
  return {
    minHealthyPercent: 100,
    maxHealthyPercent: 200,
    capacityProviderStrategies: capacityOf(size),
    availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing.ENABLED,
    healthCheckGracePeriod: balanced ? Duration.seconds(60) : undefined,
    enableECSManagedTags: true,
    propagateTags: ecs.PropagatedTagSource.SERVICE,
    deploymentController: { type: ecs.DeploymentControllerType.ECS },
    deploymentAlarms: {
      alarmNames: alarms.map(({ alarmName }) => alarmName),
      behavior: ecs.AlarmBehavior.ROLLBACK_ON_ALARM,
    },
    deploymentStrategy: ecs.DeploymentStrategy.CANARY,
    canaryConfiguration: { stepPercent: 10, stepBakeTime: Duration.minutes(5) },
    bakeTime: Duration.minutes(10),
    // It is for rolling updates. Tasks that do not start ring the alarm of lost tasks, which takes the canary back.
    circuitBreaker: { enable: false, rollback: false },
  };
}

/** The least tasks are never on Spot; of further ones the given share. */
function capacityOf({ minTasks, spotShare }: ServiceSize): ecs.CapacityProviderStrategy[] {
  const spot = Math.round(spotShare * 10);
  const base = { capacityProvider: 'FARGATE', base: minTasks, weight: 10 - spot };
  return spot === 0 ? [{ ...base, weight: 1 }] : [base, { capacityProvider: 'FARGATE_SPOT', weight: spot }];
}
