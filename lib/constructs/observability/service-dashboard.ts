import { Duration, Stack } from 'aws-cdk-lib';
import { Dashboard, type IMetric, type IWidget, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { ServiceName } from '../../../src/contracts/http/route';
import { publishedMetrics } from '../../../src/contracts/metrics';
import type { KolateService } from '../services/kolate-service';
import type { TargetPair } from '../services/target-pair';
import { graph, table } from './widgets';

const minute = Duration.minutes(1);

/** One service: its requests, their failures and durations, what it has to work off, and what it works with. */
export class ServiceDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, service: KolateService<ServiceName>) {
    super(scope, id);
    this.dashboard = new Dashboard(this, 'Dashboard', {
      // People look for it by its name, and nothing refers to it.
      dashboardName: `${Stack.of(this).stackName}-${service.name}`,
      defaultInterval: Duration.hours(3),
      widgets: [
        [
          new TextWidget({
            markdown: `# ${service.name}\nLimits and what to do: docs/runbooks/service-*.md`,
            width: 24,
            height: 2,
          }),
        ],
        ...service.targets.map(requestsOf),
        ...(service.backlog ? [messagesOf(service, service.backlog.groups, service.backlog.metrics)] : []),
        [...resourcesOf(service), ...own(service)],
        [
          table(
            'Errors and warnings, by their text',
            [service.logGroup],
            [
              'filter level in ["warn", "error", "fatal"]',
              'stats count(*) as times, latest(@timestamp) as last by level, msg',
              'sort times desc | limit 20',
            ],
            24,
          ),
        ],
      ],
    });
  }
}

/** Rate, errors, duration. */
function requestsOf(pair: TargetPair): IWidget[] {
  const kind = pair.node.id === 'Grpc' ? 'gRPC' : 'HTTP';
  return [
    graph(`${kind} requests a minute`, [pair.metric('RequestCount', 'Sum')]),
    graph(`${kind} answered 5xx, and 4xx`, [
      pair.metric('HTTPCode_Target_5XX_Count', 'Sum'),
      pair.metric('HTTPCode_Target_4XX_Count', 'Sum'),
    ]),
    graph(
      `${kind} durations`,
      (['p50', 'p95', 'p99'] as const).map((statistic) => pair.metric('TargetResponseTime', statistic)),
      { label: 'seconds' },
    ),
  ];
}

function messagesOf(
  service: KolateService<ServiceName>,
  groups: readonly string[],
  lag: readonly IMetric[],
): IWidget[] {
  const { messagesHandled, messagesLate, messagesRetried } = publishedMetrics;
  const of = (metric: (typeof publishedMetrics)['messagesHandled'], what: string) =>
    groups.map((group) => service.metric(metric, { group }).with({ label: `${group} ${what}` }));
  return [
    graph('Messages that wait, by topic', lag),
    graph('Messages handled a minute', of(messagesHandled, 'handled')),
    graph('Messages late, and retried', [...of(messagesLate, 'late'), ...of(messagesRetried, 'retried')]),
  ];
}

function resourcesOf({ service }: KolateService<ServiceName>): IWidget[] {
  const percent = { max: 100, label: 'percent' };
  const of = (statistic: string) => ({ statistic, period: minute });
  return [
    graph(
      'Processor',
      [service.metricCpuUtilization(of('Average')), service.metricCpuUtilization(of('Maximum'))],
      percent,
    ),
    graph(
      'Memory',
      [service.metricMemoryUtilization(of('Average')), service.metricMemoryUtilization(of('Maximum'))],
      percent,
    ),
  ];
}

/** What a service alone has. */
function own(service: KolateService<ServiceName>): IWidget[] {
  if (service.name !== 'predict') return [];
  return [
    graph(
      'Records of predictions',
      ['sent', 'dropped', 'refused'].map((outcome) =>
        service.metric(publishedMetrics.predictionRecords, { outcome }).with({ label: outcome }),
      ),
    ),
  ];
}
