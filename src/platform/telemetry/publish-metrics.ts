import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client';
import { type PublishedMetric, publishedMetrics, serviceLabel } from '../../contracts/metrics';
import type { Logger } from '../logging/create-logger';

export type PublishOptions = {
  readonly registry: Registry;
  readonly log: Logger;
  readonly service: string;
  /** Of the metrics in CloudWatch; absent where somebody reads `/metrics` instead, and then nothing is published. */
  readonly namespace: string | undefined;
  readonly everyMs?: number;
  readonly now?: () => number;
};

export type MetricsPublisher = {
  /** Publishes what came since the last time, and ends. */
  close(): Promise<void>;
};

/** Values with the same dimensions: one line of the log. */
type Series = { readonly dimensions: Readonly<Record<string, string>>; readonly values: Map<PublishedMetric, number> };

/** Combinations of labels of one metric; more are a fault, which must not become a bill. */
const maxSeries = 50;

/**
 * Writes the metrics of the contract to the log, in CloudWatch's embedded metric format, from which CloudWatch makes metrics
 * without an agent or a call: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function publishMetrics(options: PublishOptions): MetricsPublisher {
  const { registry, log, service, namespace, everyMs = 60_000, now = Date.now } = options;
  if (namespace === undefined) return { close: async () => undefined };
  const growth = createGrowth();
  let publishing: Promise<void> = Promise.resolve();

  const publish = async (): Promise<void> => {
    try {
      const all = seriesOf(await registry.getMetricsAsJSON(), growth, (metric, dropped) =>
        log.warn({ metric, dropped }, 'a metric has too many combinations of labels; the rest is not published'),
      );
      for (const { dimensions, values } of all) {
        log.info(embedded(namespace, now(), { [serviceLabel]: service, ...dimensions }, values));
      }
    } catch (error) {
      log.warn({ err: error }, 'metrics could not be published; trying again');
    }
  };
  const next = (): Promise<void> => {
    publishing = publishing.then(publish);
    return publishing;
  };
  const timer = setInterval(() => void next(), everyMs).unref();
  return {
    close() {
      clearInterval(timer);
      return next();
    },
  };
}

/** How much a counter has grown since it was last asked for: a process begins at zero, and what is lost with it is a minute's. */
function createGrowth(): (key: string, total: number) => number {
  const last = new Map<string, number>();
  return (key, total) => {
    const grown = total - (last.get(key) ?? 0);
    last.set(key, total);
    return grown;
  };
}

function seriesOf(
  found: readonly MetricObjectWithValues<MetricValue<string>>[],
  growth: (key: string, total: number) => number,
  onTooMany: (metric: string, dropped: number) => void,
): Series[] {
  const byName = new Map(found.map((metric) => [metric.name, metric]));
  const series = new Map<string, Series>();
  for (const metric of Object.values<PublishedMetric>(publishedMetrics)) {
    const totals = totalsOf(metric, byName.get(metric.name)?.values ?? []);
    if (totals.size > maxSeries) onTooMany(metric.name, totals.size - maxSeries);
    for (const [key, { dimensions, total }] of [...totals].slice(0, maxSeries)) {
      const one = series.get(key) ?? { dimensions, values: new Map<PublishedMetric, number>() };
      one.values.set(metric, metric.kind === 'count' ? growth(`${metric.name} ${key}`, total) : total);
      series.set(key, one);
    }
  }
  return [...series.values()];
}

/** Sums over the labels that are not kept. */
function totalsOf({ by }: PublishedMetric, values: readonly MetricValue<string>[]) {
  const totals = new Map<string, { dimensions: Record<string, string>; total: number }>();
  for (const { labels, value } of values) {
    const dimensions = Object.fromEntries(by.map((label) => [label, String(labels[label] ?? 'none')]));
    const key = JSON.stringify(dimensions);
    totals.set(key, { dimensions, total: (totals.get(key)?.total ?? 0) + value });
  }
  return totals;
}

function embedded(
  namespace: string,
  timestamp: number,
  dimensions: Readonly<Record<string, string>>,
  values: Series['values'],
): Record<string, unknown> {
  const metrics = [...values].map(([{ name, unit }]) => ({ Name: name, Unit: unit }));
  return {
    _aws: {
      Timestamp: timestamp,
      CloudWatchMetrics: [{ Namespace: namespace, Dimensions: [Object.keys(dimensions)], Metrics: metrics }],
    },
    ...dimensions,
    ...Object.fromEntries([...values].map(([{ name }, value]) => [name, value])),
  };
}
