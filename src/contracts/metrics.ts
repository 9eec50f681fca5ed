/**
 * A metric of a process that is published where no Prometheus reads `/metrics`. Each combination of `by` and service is
 * paid for by itself: what has no bound, such as tenants, is none of them.
 */
export type PublishedMetric = {
  /** As the process registers it for Prometheus, and as it is published. */
  readonly name: string;
  /** `count`: what came since the last time, of something that only grows. `level`: as it stands. */
  readonly kind: 'count' | 'level';
  readonly unit: 'Count' | 'Seconds';
  /** Labels that are kept; values of others are added up. */
  readonly by: readonly string[];
};

const count = (name: string, ...by: string[]): PublishedMetric => ({ name, kind: 'count', unit: 'Count', by });
const level = (name: string, unit: PublishedMetric['unit'], ...by: string[]): PublishedMetric => ({
  name,
  kind: 'level',
  unit,
  by,
});

export const publishedMetrics = {
  messagesHandled: count('kolate_consumer_handled_total', 'group'),
  /** Of those: later than the objective says. */
  messagesLate: count('kolate_consumer_late_total', 'group'),
  messagesRetried: count('kolate_consumer_retried_total', 'group'),
  sagasRunning: level('kolate_sagas_running', 'Count', 'saga'),
  oldestSaga: level('kolate_saga_oldest_seconds', 'Seconds', 'saga'),
  deadLetters: level('kolate_dead_letters', 'Count', 'topic'),
  hostsOutgrown: level('kolate_cell_hosts_outgrown', 'Count'),
  predictionRecords: count('kolate_prediction_records_total', 'outcome'),
} as const satisfies Record<string, PublishedMetric>;

/** The label that every published metric has besides its own. */
export const serviceLabel = 'service';
