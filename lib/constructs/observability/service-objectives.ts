import type { CompositeAlarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { ServiceName } from '../../../src/contracts/http/route';
import { publishedMetrics } from '../../../src/contracts/metrics';
import { objectives } from '../../../src/contracts/objectives';
import type { KolateService } from '../services/kolate-service';
import { BurnRate } from './burn-rate';

export type Services = { readonly [N in ServiceName]: KolateService<N> };

export type ServiceObjectivesProps = {
  readonly topic: ITopic;
  readonly services: Services;
  readonly api: { readonly requests: Metric; readonly failures: Metric };
};

/** What contracts/objectives promises, each with its alarms. */
export class ServiceObjectives extends Construct {
  readonly burnRates: readonly BurnRate[];

  constructor(scope: Construct, id: string, { topic, services, api }: ServiceObjectivesProps) {
    super(scope, id);
    const { availability, predictions, messages } = objectives;
    const percent = (share: number) => `${Number((share * 100).toFixed(3))} of 100`;
    this.burnRates = [
      new BurnRate(this, 'Availability', {
        topic,
        share: availability.share,
        events: { all: [api.requests], some: [api.failures], someAre: 'bad' },
        promise: `${percent(availability.share)} requests are not answered with 5xx`,
        runbook: 'objective-availability',
      }),
      new BurnRate(this, 'Predictions', {
        topic,
        share: predictions.share,
        events: answersWithin(services.predict, predictions.withinMs),
        promise: `${percent(predictions.share)} predictions take ${predictions.withinMs} ms at most`,
        runbook: 'objective-predictions',
      }),
      new BurnRate(this, 'Messages', {
        topic,
        share: messages.share,
        events: lateMessages(Object.values<KolateService<ServiceName>>(services)),
        promise: `${percent(messages.share)} messages have had their effect ${messages.withinMs} ms after the fact`,
        runbook: 'objective-messages',
      }),
    ];
  }

  get alarms(): CompositeAlarm[] {
    return this.burnRates.flatMap(({ alarms }) => alarms);
  }
}

/** As the load balancers saw it, so that a task which answers nothing counts too. */
function answersWithin({ targets }: Services['predict'], withinMs: number) {
  const of = (statistic: 'SampleCount' | `TC(:${number})`) =>
    targets.flatMap((pair) => pair.metricsOfEach('TargetResponseTime', statistic));
  return { all: of('SampleCount'), some: of(`TC(:${withinMs / 1_000})`), someAre: 'good' } as const;
}

function lateMessages(services: readonly KolateService<ServiceName>[]) {
  const { messagesHandled, messagesLate } = publishedMetrics;
  const of = (metric: typeof messagesHandled) =>
    services.flatMap((service) => (service.backlog?.groups ?? []).map((group) => service.metric(metric, { group })));
  return { all: of(messagesHandled), some: of(messagesLate), someAre: 'bad' } as const;
}
