import { Duration } from 'aws-cdk-lib';
import {
  GraphWidget,
  type IMetric,
  type IWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
  type YAxisProps,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Stack } from 'aws-cdk-lib/core';

/** Of a dashboard's 24 columns. */
const third = 8;

/** A graph; several stand side by side. */
export const graph = (title: string, left: readonly IMetric[], leftYAxis: YAxisProps = {}, width = third): IWidget =>
  new GraphWidget({
    ...{ title, width, height: 6, left: [...left] },
    leftYAxis: { min: 0, showUnits: false, ...leftYAxis },
    period: Duration.minutes(1),
  });

/** What Logs Insights answers to `lines` of some log groups, over the time that the dashboard shows. */
export const table = (title: string, logGroups: readonly ILogGroup[], lines: readonly string[], width = 12): IWidget =>
  new LogQueryWidget({
    ...{ title, width, height: 8 },
    logGroupNames: logGroups.map(({ logGroupName }) => logGroupName),
    region: Stack.of(logGroups[0]!).region,
    view: LogQueryVisualizationType.TABLE,
    queryLines: [...lines],
  });
