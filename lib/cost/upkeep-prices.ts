import type { Pricer } from './charge';
import { at, listOf, numberOf, shareOf } from './values';

const minutesAMonth = 30 * 24 * 60;

/** Runs a month of `rate(5 minutes)` and its like; once an hour where the schedule is of another form. */
function runsOf(expression: unknown): number {
  const [, count = '60', unit = 'minute'] = /rate\((\d+) (minute|hour|day)/.exec(String(expression)) ?? [];
  const minutes = Number(count) * { minute: 1, hour: 60, day: 1_440 }[unit as 'minute' | 'hour' | 'day'];
  return minutes === 0 ? 0 : minutesAMonth / minutes;
}

export const upkeepPricers: Readonly<Record<string, Pricer>> = {
  'AWS::CloudWatch::Alarm': ({ properties }) => {
    const metrics = listOf(properties.Metrics).filter((metric) => at(metric, 'MetricStat') !== undefined).length;
    return [{ price: 'alarm', quantity: Math.max(1, metrics) }];
  },
  'AWS::CloudWatch::CompositeAlarm': () => [{ price: 'compositeAlarm', quantity: 1 }],
  'AWS::CloudWatch::Dashboard': () => [{ price: 'dashboard', quantity: 1 }],
  'AWS::Synthetics::Canary': ({ properties }) => [
    { price: 'canaryRun', quantity: runsOf(at(properties.Schedule, 'Expression')) },
  ],
  'AWS::CodePipeline::Pipeline': ({ assembly, usage }) => [
    { price: 'pipelineMinute', quantity: shareOf(assembly, usage.buildMinutes, 'AWS::CodePipeline::Pipeline') },
  ],
  'AWS::CodeBuild::Project': ({ assembly, usage }) => [
    {
      price: 'codeBuildMinute',
      quantity: numberOf(shareOf(assembly, usage.buildMinutes, 'AWS::CodeBuild::Project'), 0),
    },
  ],
  'AWS::Config::ConfigurationRecorder': ({ usage }) => [{ price: 'configItem', quantity: usage.configItems }],
};
