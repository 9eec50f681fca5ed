import { ArnFormat, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ICluster } from 'aws-cdk-lib/aws-ecs';
import { type IRuleTarget, Rule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnResourcePolicy, FilterPattern, LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { explainRetention } from '../explain-retention';

export type TaskStopsProps = {
  readonly cluster: ICluster;
  /** A `KolateKey`. */
  readonly key: IKey;
  readonly logDays: number;
};

/**
 * Why tasks ended, which ECS itself forgets after an hour: each stop is a line of a log, and those by the task's own fault
 * are counted by service.
 */
export class TaskStops extends Construct {
  private readonly logGroup: LogGroup;
  private readonly namespace: string;

  constructor(scope: Construct, id: string, { cluster, key, logDays }: TaskStopsProps) {
    super(scope, id);
    this.namespace = `${Stack.of(this).stackName}/tasks`;
    this.logGroup = new LogGroup(this, 'Log', {
      // EventBridge writes to groups of this beginning alone.
      logGroupName: `/aws/events/${Stack.of(this).stackName}/task-stops`,
      encryptionKey: key,
      retention: logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    explainRetention(this.logGroup, logDays);
    const rule = new Rule(this, 'Stopped', {
      description: 'Tasks of the services that have ended, with the reason',
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Task State Change'],
        detail: { clusterArn: [cluster.clusterArn], lastStatus: ['STOPPED'] },
      },
    });
    rule.addTarget(this.target(key));
    this.letEventsWrite(rule);
  }

  /** Tasks of `service` whose process ended by itself or was killed for its memory or its health, in 15 minutes. */
  metricOf(service: string): Metric {
    return new Metric({ ...this.nameOf(service), statistic: 'Sum', period: Duration.minutes(15) });
  }

  /** Makes the metric of a service whose name ECS has. Apart from it, since alarms are there before the service is. */
  count(service: string, serviceName: string): void {
    const { namespace: metricNamespace, metricName } = this.nameOf(service);
    const stopCodes = ['EssentialContainerExited', 'TaskFailedToStart'];
    new MetricFilter(this, `Count-${service}`, {
      metricNamespace,
      metricName,
      logGroup: this.logGroup,
      filterPattern: FilterPattern.all(
        FilterPattern.stringValue('$.detail.group', '=', `service:${serviceName}`),
        FilterPattern.any(
          ...stopCodes.map((code) => FilterPattern.stringValue('$.detail.stopCode', '=', code)),
          FilterPattern.stringValue('$.detail.stoppedReason', '=', '*failed*health checks*'),
        ),
      ),
      metricValue: '1',
    });
  }

  private nameOf(service: string) {
    return { namespace: this.namespace, metricName: `stopped-${service}` };
  }

  private target(key: IKey): IRuleTarget {
    const missed = new Queue(this, 'Missed', {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    key.grant(new ServicePrincipal('events.amazonaws.com'), 'kms:Decrypt', 'kms:GenerateDataKey');
    for (const id of ['AwsSolutions-SQS3', 'Serverless-SQSRedrivePolicy', 'cdk-validator-cfnguard::sqs_dlq_check']) {
      Validations.of(missed).acknowledge({ id, reason: 'It is itself the place for what could not be delivered.' });
    }
    return {
      bind: (rule) => {
        missed.addToResourcePolicy(
          new PolicyStatement({
            actions: ['sqs:SendMessage'],
            principals: [new ServicePrincipal('events.amazonaws.com')],
            resources: [missed.queueArn],
            conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleRef.ruleArn } },
          }),
        );
        return {
          id: 'Log',
          arn: Stack.of(this).formatArn({
            service: 'logs',
            resource: 'log-group',
            resourceName: this.logGroup.logGroupName,
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
          deadLetterConfig: { arn: missed.queueArn },
        };
      },
    };
  }

  private letEventsWrite(rule: Rule): void {
    const statement = new PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      principals: [new ServicePrincipal('events.amazonaws.com'), new ServicePrincipal('delivery.logs.amazonaws.com')],
      resources: [this.logGroup.logGroupArn],
      conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleArn } },
    });
    new CfnResourcePolicy(this, 'Policy', {
      policyName: `${Stack.of(this).stackName}-task-stops`,
      policyDocument: Stack.of(this).toJsonString({ Version: '2012-10-17', Statement: [statement.toStatementJson()] }),
    });
  }
}
