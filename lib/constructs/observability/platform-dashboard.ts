import { Duration, Stack } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  type IAlarm,
  type IMetric,
  type IWidget,
  type Metric,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { publishedMetrics } from '../../../src/contracts/metrics';
import { sagaNames } from '../../../src/contracts/saga-names';
import { deadLetterTopics } from '../../../src/contracts/topics';
import type { BurnRate } from './burn-rate';
import type { Services } from './service-objectives';
import { graph, table } from './widgets';

export type PlatformDashboardProps = {
  readonly services: Services;
  readonly alarms: readonly IAlarm[];
  readonly burnRates: readonly BurnRate[];
  readonly api: {
    readonly requests: Metric;
    readonly failures: Metric;
    readonly refusals: Metric;
    readonly durations: readonly Metric[];
  };
  /** Main jobs that were done; absent where none are. */
  readonly mainJobs: IMetric | undefined;
};

/** The platform on one page: is what was promised kept, what waits, who uses it how much. */
export class PlatformDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: PlatformDashboardProps) {
    super(scope, id);
    const { alarms, api, burnRates, mainJobs } = props;
    this.dashboard = new Dashboard(this, 'Dashboard', {
      // People look for it by its name, and nothing refers to it.
      dashboardName: `${Stack.of(this).stackName}-platform`,
      defaultInterval: Duration.hours(3),
      widgets: [
        [new AlarmStatusWidget({ title: 'What users feel', alarms: [...alarms], width: 24, height: 3 })],
        [
          graph('Requests of the API a minute', [api.requests]),
          graph('Answered 5xx, and 4xx', [api.failures, api.refusals]),
          graph('Durations of the API', api.durations, { label: 'milliseconds' }),
        ],
        [
          graph(
            'Objectives: how many times too fast (rings at 14.4)',
            burnRates.map((rate) => rate.metric(Duration.hours(1))),
          ),
          ...(mainJobs ? [graph('Main jobs done', [mainJobs])] : []),
        ],
        waiting(props.services),
        usage(props.services),
      ],
    });
  }
}

function waiting({ core, ...others }: Services): IWidget[] {
  const { sagasRunning, oldestSaga, deadLetters } = publishedMetrics;
  const bySaga = (metric: typeof sagasRunning) =>
    sagaNames.map((saga) => core.metric(metric, { saga }).with({ label: saga }));
  const lag = [core, ...Object.values(others)].flatMap(({ backlog }) => backlog?.metrics ?? []);
  return [
    graph('Messages that wait, by topic', lag, {}, 6),
    graph('Sagas at work', bySaga(sagasRunning), {}, 6),
    graph('Age of the oldest saga', bySaga(oldestSaga), { label: 'seconds' }, 6),
    graph(
      'Dead letters, by topic',
      deadLetterTopics().map(({ name: topic }) => core.metric(deadLetters, { topic }).with({ label: topic })),
      {},
      6,
    ),
  ];
}

/** From the access logs: a metric for each tenant would be paid for each tenant. */
function usage(services: Services): IWidget[] {
  const { predict, 'predict-registry': registry, 'enterprise-info': info } = services;
  const ofTenants = ['filter ispresent(tenantId) and ispresent(status)'];
  const columns =
    'count(*) as requests, sum(status >= 500) as failed, sum(status = 429) as limited, pct(ms, 95) as p95ms';
  const most = 'sort requests desc | limit 20';
  return [
    table('Predictions by tenant', [predict.logGroup], [...ofTenants, `stats ${columns} by tenantId`, most]),
    table(
      'Other requests by tenant',
      [registry.logGroup, info.logGroup],
      [...ofTenants, `stats ${columns} by tenantId`, most],
    ),
  ];
}
