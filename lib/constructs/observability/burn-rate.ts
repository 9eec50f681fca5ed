import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmRule,
  ComparisonOperator,
  CompositeAlarm,
  MathExpression,
  type Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge';

/** What is counted: all events, and of them the good or the bad ones. Each list is added up. */
export type Events = {
  readonly all: readonly Metric[];
  readonly some: readonly Metric[];
  readonly someAre: 'good' | 'bad';
};

export type BurnRateProps = {
  readonly topic: ITopic;
  readonly events: Events;
  /** Of events that have to be good, over 30 days. */
  readonly share: number;
  /** What is promised, in a sentence without its end. */
  readonly promise: string;
  readonly runbook: string;
};

/** What CloudWatch takes into an alarm. */
const maxMetrics = 10;
/** Fewer events an hour than these say nothing. */
const fewEventsAnHour = 100;

/**
 * As the SRE workbook has it: 14.4 times too fast uses up 2 % of a month's budget within an hour, 6 times 5 % within six
 * hours. The short window lets the alarm end soon after the fault does.
 */
const paces = [
  { id: 'Fast', factor: 14.4, long: Duration.hours(1), short: Duration.minutes(5), within: 'two days' },
  { id: 'Slow', factor: 6, long: Duration.hours(6), short: Duration.minutes(30), within: 'five days' },
] as const;

/** Rings while so much fails that what may fail in a month would be used up long before its end. */
export class BurnRate extends Construct {
  readonly alarms: readonly CompositeAlarm[];
  private readonly events: Events;
  private readonly budget: number;

  constructor(scope: Construct, id: string, props: BurnRateProps) {
    super(scope, id);
    const { events, share } = props;
    if (events.all.length + events.some.length > maxMetrics) {
      const count = events.all.length + events.some.length;
      throw new Error(`burn rate ${id}: it counts ${count} metrics; expected ${maxMetrics} at most, as an alarm takes`);
    }
    if (!(share > 0 && share < 1)) throw new Error(`burn rate ${id}: share is ${share}; expected one between 0 and 1`);
    this.events = events;
    this.budget = Math.round((1 - share) * 1e6) / 1e6;
    this.alarms = paces.map((pace) => this.ring(pace, props));
  }

  /** How many times faster than allowed events turned bad within `window`; 0 with too few to tell. */
  metric(window: Duration): MathExpression {
    const { all, some, someAre } = this.events;
    // On a dashboard the rates of several objectives stand in one graph, where every id has to be another.
    const name = this.node.id.toLowerCase();
    const named = (prefix: string, metrics: readonly Metric[]) =>
      Object.fromEntries(
        metrics.map((metric, index) => [`${name}_${prefix}${index}`, metric.with({ period: window })]),
      );
    const sumOf = (metrics: object) => `SUM([${Object.keys(metrics).map((id) => `FILL(${id}, 0)`)}])`;
    const [ofAll, ofSome] = [named('all', all), named('some', some)];
    const [total, part] = [sumOf(ofAll), sumOf(ofSome)];
    const bad = someAre === 'bad' ? part : `(${total} - ${part})`;
    const least = Math.max(1, Math.round((fewEventsAnHour * window.toMinutes()) / 60));
    return new MathExpression({
      expression: `IF(${total} >= ${least}, ${bad} / ${total} / ${this.budget}, 0)`,
      label: `${this.node.id}, ${window.toHumanString()}`,
      period: window,
      usingMetrics: { ...ofAll, ...ofSome },
    });
  }

  private ring({ id, factor, long, short, within }: (typeof paces)[number], props: BurnRateProps): CompositeAlarm {
    const { topic, promise, runbook } = props;
    const where = `Runbook: docs/runbooks/${runbook}.md`;
    const windows = [long, short].map((window, index) =>
      this.watch(`${id}${index ? 'Short' : 'Long'}`, window, factor, where),
    );
    const alarm = new CompositeAlarm(this, id, {
      alarmRule: AlarmRule.allOf(...windows),
      alarmDescription: `It is not so that ${promise}: what may fail in a month would be used up in ${within}. ${where}`,
    });
    const action = new SnsAction(topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    return alarm;
  }

  private watch(id: string, window: Duration, factor: number, where: string): Alarm {
    const alarm = new Alarm(this, id, {
      metric: this.metric(window),
      threshold: factor,
      alarmDescription: `One of two windows; the alarm of both together tells. ${where}`,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    const reason = 'It is half of an alarm: the composite of both windows has the action.';
    for (const rule of silentAlarmRules) acknowledge(alarm, rule, reason);
    return alarm;
  }
}

const silentAlarmRules = [
  'Kolate::alarms-lead-somewhere',
  'NIST.800.53.R5-CloudWatchAlarmAction',
  'cdk-validator-cfnguard::cloudwatch_alarm_action_check',
];
