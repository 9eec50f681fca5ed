import { Duration } from 'aws-cdk-lib';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { ServiceSize } from '../../config/environment';

export type DeploymentOptions = {
  readonly size: ServiceSize;
  /** Whether there are requests of which a new version can have a share first. */
  readonly shifts: boolean;
  /** Each takes a deployment back. */
  readonly alarms: readonly IAlarm[];
};

/**
 * How a new version takes over: with requests, a tenth of them for five minutes, then all, and the old tasks stay for ten more;
 * without, task by task. Either is taken back when an alarm rings.
 */
export function deploymentOf({ size, shifts, alarms }: DeploymentOptions) {
  return {
    minHealthyPercent: 100,
    maxHealthyPercent: 200,
    capacityProviderStrategies: capacityOf(size),
    availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing.ENABLED,
    healthCheckGracePeriod: shifts ? Duration.seconds(60) : undefined,
    enableECSManagedTags: true,
    propagateTags: ecs.PropagatedTagSource.SERVICE,
    deploymentController: { type: ecs.DeploymentControllerType.ECS },
    deploymentAlarms: {
      alarmNames: alarms.map(({ alarmName }) => alarmName),
      behavior: ecs.AlarmBehavior.ROLLBACK_ON_ALARM,
    },
    ...(shifts
      ? {
          deploymentStrategy: ecs.DeploymentStrategy.CANARY,
          canaryConfiguration: { stepPercent: 10, stepBakeTime: Duration.minutes(5) },
          bakeTime: Duration.minutes(10),
          // It is for rolling updates. Tasks that do not start ring the alarm of lost tasks, which takes the canary back.
          circuitBreaker: { enable: false, rollback: false },
        }
      : { deploymentStrategy: ecs.DeploymentStrategy.ROLLING, circuitBreaker: { enable: true, rollback: true } }),
  };
}

/** The least tasks are never on Spot; of further ones the given share. */
function capacityOf({ minTasks, spotShare }: ServiceSize): ecs.CapacityProviderStrategy[] {
  const spot = Math.round(spotShare * 10);
  const base = { capacityProvider: 'FARGATE', base: minTasks, weight: 10 - spot };
  return spot === 0 ? [{ ...base, weight: 1 }] : [base, { capacityProvider: 'FARGATE_SPOT', weight: spot }];
}
