import { Duration } from 'aws-cdk-lib';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { publishedMetrics } from '../../../src/contracts/metrics';
import { KolateAlarm } from '../kolate-alarm';
import type { KolateService } from '../services/kolate-service';

/** Rings when tenants of a shared cell have outgrown their host, long before it is full: there is time to move one. */
export const addOutgrownAlarm = (
  scope: Construct,
  info: KolateService<'enterprise-info'>,
  topic: ITopic,
): KolateAlarm =>
  new KolateAlarm(scope, 'CellOutgrown', {
    topic,
    metric: info.metric(publishedMetrics.hostsOutgrown, {}, Duration.minutes(15)),
    threshold: 1,
    evaluationPeriods: 4,
    description: 'Tenants have outgrown a host of a shared cell for an hour.',
    runbook: 'cell-outgrown',
  });
