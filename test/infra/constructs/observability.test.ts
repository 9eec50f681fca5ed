import { Duration, Stack } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { type Assembly, type PlacedResource, resourcesOf } from '../../../lib/assembly/assembly';
import { BurnRate, type BurnRateProps } from '../../../lib/constructs/observability/burn-rate';
import { createApp } from '../../../lib/platform-app';
import { publishedMetrics } from '../../../src/contracts/metrics';
import { sagaNames } from '../../../src/contracts/saga-names';
import { sagas } from '../../../src/domain/sagas/all-sagas';
import { synthesized } from '../../helpers/synthesized';
import { at, listOf } from '../invariants/rule';

const observed = (environment: 'dev' | 'prod' | 'prod-standby'): Assembly => {
  const assembly = synthesized(environment);
  return { ...assembly, stacks: assembly.stacks.filter(({ part }) => part === 'observability') };
};
const prod = observed('prod');
const pathOf = ({ stack, id }: PlacedResource) => stack.paths.get(id) ?? '';
const alarmAt = (path: string) => {
  const found = resourcesOf(prod, 'AWS::CloudWatch::Alarm').filter((alarm) => pathOf(alarm).includes(path));
  expect([path, found.length]).toEqual([path, 1]);
  return found[0]?.properties ?? {};
};
const statisticsIn = (alarm: Readonly<Record<string, unknown>>) =>
  listOf(alarm.Metrics).flatMap((metric) => listOf(at(metric, 'MetricStat')));
const expressionOf = (alarm: Readonly<Record<string, unknown>>) =>
  listOf(alarm.Metrics).flatMap((metric) => listOf(at(metric, 'Expression')))[0];

describe('an objective', () => {
  it('rings when the long and the short window of a pace both do, and each by itself is silent', () => {
    const composites = resourcesOf(prod, 'AWS::CloudWatch::CompositeAlarm');
    expect(composites).toHaveLength(6);
    for (const { properties } of composites) {
      expect(JSON.stringify(properties.AlarmRule).match(/ALARM\(/g)).toHaveLength(2);
      expect(JSON.stringify(properties.AlarmRule)).toContain(' AND ');
      expect(listOf(properties.AlarmActions)).toHaveLength(1);
    }
    const windows = resourcesOf(prod, 'AWS::CloudWatch::Alarm').filter((alarm) =>
      pathOf(alarm).includes('/Objectives/'),
    );
    expect(windows).toHaveLength(12);
    for (const { properties } of windows) expect(properties.AlarmActions).toBeUndefined();
  });

  it.each([
    ['FastLong', 14.4, 3_600],
    ['FastShort', 14.4, 300],
    ['SlowLong', 6, 21_600],
    ['SlowShort', 6, 1_800],
  ])('of the API is used up too fast in the window %s', (window, factor, seconds) => {
    const alarm = alarmAt(`/Objectives/Availability/${window}/`);
    expect(alarm).toMatchObject({ Threshold: factor, EvaluationPeriods: 1, TreatMissingData: 'notBreaching' });
    expect(expressionOf(alarm)).toMatch(/ \/ 0\.001, 0\)$/);
    for (const statistic of statisticsIn(alarm)) expect(at(statistic, 'Period')).toBe(seconds);
  });

  it('of predictions counts what both load balancers answered within 100 ms, over HTTP and gRPC', () => {
    const statistics = statisticsIn(alarmAt('/Objectives/Predictions/FastLong/'));
    const counted = statistics.map((statistic) => at(statistic, 'Stat')).sort();
    expect(counted).toEqual([...Array(4).fill('SampleCount'), ...Array(4).fill('TC(:0.1)')]);
    for (const statistic of statistics) expect(at(statistic, 'Metric.MetricName')).toBe('TargetResponseTime');
  });

  it('of messages counts those of every consumer', () => {
    const statistics = statisticsIn(alarmAt('/Objectives/Messages/FastLong/'));
    const groups = statistics.map((statistic) => {
      const dimensions = listOf(at(statistic, 'Metric.Dimensions'));
      const group = dimensions.find((dimension) => at(dimension, 'Name') === 'group');
      return `${at(statistic, 'Metric.MetricName')} ${at(group, 'Value')}`;
    });
    const consumers = ['core.sagas', 'enterprise-info', 'predict-recorder', 'predict-recorder.retry'];
    const metrics = [publishedMetrics.messagesHandled, publishedMetrics.messagesLate];
    expect(groups.sort()).toEqual(metrics.flatMap(({ name }) => consumers.map((group) => `${name} ${group}`)).sort());
  });

  it('is refused when no alarm could hold it, and when nothing or everything may fail', () => {
    const scope = new Stack(createApp());
    const topic = new Topic(scope, 'Topic');
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => new Metric({ namespace: 'n', metricName: `m${index}` }));
    const burnRate = (id: string, more: Partial<BurnRateProps>) => () =>
      new BurnRate(scope, id, {
        ...{ topic, share: 0.9, promise: 'it works', runbook: 'none' },
        events: { all: many(1), some: many(1), someAre: 'bad' },
        ...more,
      });
    expect(burnRate('A', { events: { all: many(6), some: many(5), someAre: 'bad' } })).toThrow(
      'burn rate A: it counts 11 metrics; expected 10 at most',
    );
    expect(burnRate('B', { share: 1 })).toThrow('burn rate B: share is 1; expected one between 0 and 1');
    expect(burnRate('C', { share: 0 })).toThrow('share is 0');
    const good = burnRate('D', { events: { all: many(1), some: many(1), someAre: 'good' } })();
    expect(good.metric(Duration.hours(1)).expression).toBe(
      'IF(SUM([FILL(d_all0, 0)]) >= 100, (SUM([FILL(d_all0, 0)]) - SUM([FILL(d_some0, 0)])) / SUM([FILL(d_all0, 0)]) / 0.1, 0)',
    );
  });
});

describe('a saga that hangs', () => {
  it('rings whichever it is', () => {
    expect(sagaNames).toEqual([...sagas.keys()]);
    const alarm = alarmAt('/SagaAge/');
    expect(statisticsIn(alarm).map((statistic) => at(statistic, 'Stat'))).toEqual(sagaNames.map(() => 'Maximum'));
    expect(listOf(alarm.AlarmActions)).toHaveLength(1);
  });
});

describe('the main job', () => {
  it('is done every five minutes in prod, and rings also when nobody tells of it', () => {
    const rules = resourcesOf(prod, 'AWS::Events::Rule').map(({ properties }) => properties.ScheduleExpression);
    expect(rules).toEqual(['rate(5 minutes)']);
    expect(alarmAt('/MainJob/Undone/')).toMatchObject({
      ...{ ComparisonOperator: 'LessThanThreshold', Threshold: 1, EvaluationPeriods: 3, TreatMissingData: 'breaching' },
      Period: 300,
    });
  });

  it('is done by one at a time, and nothing is tried again', () => {
    const [job] = resourcesOf(prod, 'AWS::Lambda::Function');
    expect(job?.properties.ReservedConcurrentExecutions).toBe(1);
    const [invoke] = resourcesOf(prod, 'AWS::Lambda::EventInvokeConfig');
    expect(invoke?.properties.MaximumRetryAttempts).toBe(0);
  });

  it('may read where the platform is and the operators’ credentials, and nothing else of the platform', () => {
    const policies = resourcesOf(prod, 'AWS::IAM::Policy').map(({ properties }) => properties.PolicyDocument);
    const read = policies
      .flatMap((policy) => listOf(at(policy, 'Statement')))
      .filter((statement) => JSON.stringify(statement).match(/identity|parameter/))
      .flatMap((statement) => listOf(at(statement, 'Action')));
    expect(read).toEqual(['ssm:GetParameter', 'secretsmanager:GetSecretValue', 'kms:Decrypt']);
  });

  it('has calls put aside that could not be made, though the queue is encrypted with a key of ours', () => {
    const [key] = resourcesOf(prod, 'AWS::KMS::Key');
    const statements = listOf(at(key?.properties.KeyPolicy, 'Statement'));
    expect(statements).toContainEqual(
      expect.objectContaining({
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Principal: { Service: 'events.amazonaws.com' },
      }),
    );
    const policies = resourcesOf(prod, 'AWS::IAM::Policy').map(({ properties }) => properties.PolicyDocument);
    const allowed = policies.flatMap((policy) => listOf(at(policy, 'Statement')));
    expect(allowed).toContainEqual(expect.objectContaining({ Action: ['kms:Decrypt', 'kms:GenerateDataKey'] }));
  });

  it('is not done where it is switched off', () => {
    for (const environment of ['dev', 'prod-standby'] as const) {
      expect(resourcesOf(observed(environment), 'AWS::Lambda::Function', 'AWS::Events::Rule')).toEqual([]);
    }
  });
});

describe('the dashboards', () => {
  const bodies = resourcesOf(prod, 'AWS::CloudWatch::Dashboard').map(({ properties }) => ({
    name: String(properties.DashboardName),
    body: JSON.stringify(properties.DashboardBody),
  }));
  const bodyOf = (name: string) => bodies.find((dashboard) => dashboard.name.endsWith(name))?.body ?? '';

  it('are one of the platform and one of each service', () => {
    const parts = ['core', 'enterprise-info', 'platform', 'predict', 'predict-registry'];
    expect(bodies.map(({ name }) => name).sort()).toEqual(parts.map((part) => `kolate-prod-observability-${part}`));
  });

  it('show of the platform its objectives, what waits, and who uses it how much', () => {
    const { sagasRunning, oldestSaga, deadLetters } = publishedMetrics;
    for (const metric of [sagasRunning, oldestSaga, deadLetters]) expect(bodyOf('platform')).toContain(metric.name);
    for (const shown of ['SumOffsetLag', 'by tenantId', 'command.core.v1.dlq', 'messages_late', 'main-jobs-done']) {
      expect(bodyOf('platform')).toContain(shown.replace('messages_late', 'messages_some0'));
    }
  });

  it.each(['enterprise-info', 'predict', 'predict-registry'])('show requests, failures and durations of %s', (name) => {
    for (const shown of ['RequestCount', 'HTTPCode_Target_5XX_Count', 'p99', 'MemoryUtilization']) {
      expect(bodyOf(`-${name}`)).toContain(shown);
    }
  });

  it.each(['core', 'enterprise-info', 'predict-registry'])('show what %s has to work off', (name) => {
    expect(bodyOf(`-${name}`)).toContain(publishedMetrics.messagesLate.name);
  });
});

it('names metrics in the namespace that the services write them in', () => {
  const { stacks } = synthesized('prod');
  const containers = resourcesOf({ stacks }, 'AWS::ECS::TaskDefinition').flatMap(({ properties }) =>
    listOf(properties.ContainerDefinitions),
  );
  const namespaces = containers
    .flatMap((container) => listOf(at(container, 'Environment')))
    .filter((variable) => at(variable, 'Name') === 'KOLATE_METRICS_NAMESPACE')
    .map((variable) => at(variable, 'Value'));
  expect(namespaces).toHaveLength(4);
  const used = statisticsIn(alarmAt('/SagaAge/')).map((statistic) => at(statistic, 'Metric.Namespace'));
  expect(new Set([...namespaces, ...used]).size).toBe(1);
});
