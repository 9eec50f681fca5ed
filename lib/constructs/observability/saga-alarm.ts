import { Duration } from 'aws-cdk-lib';
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { publishedMetrics } from '../../../src/contracts/metrics';
import { sagaNames } from '../../../src/contracts/saga-names';
import { KolateAlarm } from '../kolate-alarm';
import type { KolateService } from '../services/kolate-service';

/** Making a stack may take half an hour with all its tries, and unmaking it too: what goes on then hangs. */
const longestSeconds = 5_400;

/** Rings when a tenant is being onboarded, offboarded or moved for longer than that can take. */
export function addSagaAlarm(scope: Construct, core: KolateService<'core'>, topic: ITopic): KolateAlarm {
  const period = Duration.minutes(5);
  const ages = Object.fromEntries(
    sagaNames.map((saga, index) => [`age${index}`, core.metric(publishedMetrics.oldestSaga, { saga }, period)]),
  );
  return new KolateAlarm(scope, 'SagaAge', {
    topic,
    metric: new MathExpression({
      expression: `MAX([${Object.keys(ages).map((id) => `FILL(${id}, 0)`)}])`,
      label: 'Oldest saga, seconds',
      period,
      usingMetrics: ages,
    }),
    threshold: longestSeconds,
    evaluationPeriods: 3,
    description: 'A saga has been at work for an hour and a half.',
    runbook: 'saga-age',
  });
}
