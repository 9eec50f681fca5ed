import { resourcesOf } from '../assembly/assembly';
import type { Charge, Priced, Pricer } from './charge';
import { at, listOf, referred } from './values';

/** Of an instance with detailed monitoring. */
const metricsOfInstance = 7;
/** Disk and memory, which a host of a cell puts there itself. */
const metricsOfHost = 2;

const isPublishing = (task: Readonly<Record<string, unknown>>): boolean =>
  listOf(task.ContainerDefinitions)
    .flatMap((container) => listOf(at(container, 'Environment')))
    .some((variable) => at(variable, 'Name') === 'KOLATE_METRICS_NAMESPACE');

/** What services write to their logs as metrics; all that publish have an equal share of them. */
const published: Pricer = ({ properties, assembly, usage }) => {
  if (!isPublishing(properties)) return [];
  const all = resourcesOf(assembly, 'AWS::ECS::TaskDefinition').filter((task) => isPublishing(task.properties));
  return [{ price: 'customMetric', quantity: usage.publishedMetrics / all.length, what: 'published metrics' }];
};

/** A log's lines, counted: a metric by itself each. */
const counted: Pricer = ({ properties }) => [
  { price: 'customMetric', quantity: listOf(properties.MetricTransformations).length, what: 'metrics of a log' },
];

const host: Pricer = ({ properties }) => {
  const { LaunchTemplateData: data } = properties;
  const isDetailed = at(data, 'Monitoring.Enabled') === true;
  const isMeasured = JSON.stringify(at(data, 'UserData') ?? '').includes('put-metric-data');
  const quantity = (isDetailed ? metricsOfInstance : 0) + (isMeasured ? metricsOfHost : 0);
  return [{ price: 'customMetric', quantity, what: 'metrics of a host' }];
};

export const metricPricers: Readonly<Record<string, Pricer>> = {
  'AWS::ECS::TaskDefinition': published,
  'AWS::Logs::MetricFilter': counted,
  'AWS::EC2::LaunchTemplate': host,
};

/** Container Insights of one service: as its cluster has it, or as that of tenants has it, which is in another stack. */
export function insightsOf(service: Priced): Charge[] {
  const { Cluster } = service.properties;
  if (Cluster === undefined) return [];
  const settings = listOf(referred(service, Cluster)?.properties.ClusterSettings ?? ofTenants);
  const value = at(
    settings.find((setting) => at(setting, 'Name') === 'containerInsights'),
    'Value',
  );
  if (value === 'enhanced') return [{ price: 'insightsEnhanced', quantity: 1 }];
  return value === 'enabled' ? [{ price: 'insights', quantity: 1 }] : [];
}

const ofTenants = [{ Name: 'containerInsights', Value: 'enabled' }];
