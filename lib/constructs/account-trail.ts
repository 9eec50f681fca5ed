import { Aws, RemovalPolicy } from 'aws-cdk-lib';
import { Trail } from 'aws-cdk-lib/aws-cloudtrail';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { FilterPattern, LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Environment } from '../config/environment';
import { KolateAlarm } from './kolate-alarm';

export type AccountTrailProps = {
  readonly bucket: IBucket;
  /** A `KolateKey`: it encrypts trail and log group. */
  readonly key: IKey;
  readonly logDays: Environment['logDays'];
  readonly alarmTopic: ITopic;
};

type Watched = { readonly pattern: string; readonly description: string };

/** What nobody does on a usual day. */
const watched: Readonly<Record<string, Watched>> = {
  RootUser: {
    pattern:
      '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }',
    description: 'Somebody acts as the root user of the account.',
  },
  TrailChange: {
    pattern: '{ $.eventName = "StopLogging" || $.eventName = "DeleteTrail" || $.eventName = "UpdateTrail" }',
    description: 'The trail of the account was changed, stopped or deleted.',
  },
  KeyLoss: {
    pattern:
      '{ $.eventSource = "kms.amazonaws.com" && ($.eventName = "DisableKey" || $.eventName = "ScheduleKeyDeletion") }',
    description: 'A key was disabled, or will be deleted.',
  },
  Denied: {
    pattern: '{ $.errorCode = "*UnauthorizedOperation" || $.errorCode = "AccessDenied*" }',
    description: 'Many calls of AWS are refused.',
  },
};
const deniedPerFiveMinutes = 50;

/** Who did what in the account, in all regions: signed, encrypted, kept, and watched for what nobody should do. */
export class AccountTrail extends Construct {
  constructor(scope: Construct, id: string, { bucket, key, logDays, alarmTopic: topic }: AccountTrailProps) {
    super(scope, id);
    allowCloudTrail(key);
    const logGroup = new LogGroup(this, 'Log', {
      encryptionKey: key,
      retention: logDays,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    new Trail(this, 'Trail', {
      bucket,
      encryptionKey: key,
      isMultiRegionTrail: true,
      includeGlobalServiceEvents: true,
      enableFileValidation: true,
      sendToCloudWatchLogs: true,
      cloudWatchLogGroup: logGroup,
    });
    for (const [name, { pattern, description }] of Object.entries(watched)) {
      const filter = new MetricFilter(this, `${name}Events`, {
        logGroup,
        filterPattern: FilterPattern.literal(pattern),
        metricNamespace: 'Kolate/Account',
        metricName: name,
      });
      new KolateAlarm(this, name, {
        topic,
        metric: filter.metric({ statistic: 'Sum' }),
        threshold: name === 'Denied' ? deniedPerFiveMinutes : 1,
        description,
        runbook: 'account-trail',
      });
    }
  }
}

/** The trail itself cannot be named: it needs the key to be made. */
function allowCloudTrail(key: IKey): void {
  const ofThisAccount = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
  const principals = [new ServicePrincipal('cloudtrail.amazonaws.com')];
  key.addToResourcePolicy(
    new PolicyStatement({
      principals,
      actions: ['kms:GenerateDataKey*', 'kms:DescribeKey'],
      resources: ['*'],
      conditions: ofThisAccount,
    }),
  );
}
