import { Duration, Stack } from 'aws-cdk-lib';
import { ComparisonOperator, type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { deploymentParameter } from '../../../src/contracts/deployment';
import { mainJobDone } from '../../../src/contracts/main-job';
import type { Environment } from '../../config/environment';
import { acknowledge } from '../acknowledge';
import { KolateAlarm } from '../kolate-alarm';
import { KolateLambda } from '../kolate-lambda';

export type MainJobProps = {
  readonly environment: Environment;
  readonly everyMinutes: number;
  readonly vpc: IVpc;
  /** A `KolateKey`. */
  readonly key: IKey;
  /** Of the operators' client: the tenant is found, and at the first time onboarded, with it. */
  readonly operatorSecret: ISecret;
  readonly alarmTopic: ITopic;
};

/** Jobs in a row that have to fail. */
const failuresToRing = 3;

/** Does the platform's main job as a user would, through its front door, and rings when that does not work. */
export class MainJob extends Construct {
  readonly alarm: KolateAlarm;
  /** Jobs that were done. */
  readonly done: Metric;

  constructor(scope: Construct, id: string, props: MainJobProps) {
    super(scope, id);
    const { environment, everyMinutes, vpc, key, alarmTopic } = props;
    const lambda = new KolateLambda(this, 'Function', {
      handler: 'main-job',
      description: 'Does the main job as a tenant of its own',
      environment: { KOLATE_ENV: environment.name, KOLATE_MAIN_JOB_TENANT: 'main-job' },
      ...{ vpc, key, alarmTopic, logDays: environment.logDays },
      timeout: Duration.seconds(100),
      async: true,
      // Two at once would take each other's credentials away.
      concurrency: 1,
      // What the platform fails at is told by the alarm below.
      errorTerms: ['Task timed out', 'Runtime.', 'KLT_CONFIG_INVALID'],
    });
    // The next one comes soon enough.
    lambda.function.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
    acknowledge(
      lambda,
      'Serverless-LambdaAsyncFailureDestination',
      'It has a dead-letter queue, which says all that there is to know of a call without content.',
    );
    this.letIn(lambda, props);
    // Calls that EventBridge could not make go to a queue with this key.
    key.grant(new ServicePrincipal('events.amazonaws.com'), 'kms:Decrypt', 'kms:GenerateDataKey');
    new Rule(this, 'Every', {
      description: 'The main job',
      schedule: Schedule.rate(Duration.minutes(everyMinutes)),
      targets: [new LambdaFunction(lambda.function, { retryAttempts: 0, deadLetterQueue: lambda.deadLetters })],
    });
    this.done = new MetricFilter(this, 'Done', {
      logGroup: lambda.logGroup,
      filterPattern: FilterPattern.anyTerm(mainJobDone),
      metricNamespace: Stack.of(this).stackName,
      metricName: 'main-jobs-done',
    }).metric({ statistic: 'Sum', period: Duration.minutes(everyMinutes) });
    this.alarm = new KolateAlarm(this, 'Undone', {
      topic: alarmTopic,
      metric: this.done,
      threshold: 1,
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: failuresToRing,
      // Nobody who says that it was done is as bad as somebody who says that it was not.
      missing: TreatMissingData.BREACHING,
      description: `The main job has failed ${failuresToRing} times in a row: users can not do it either.`,
      runbook: 'main-job-undone',
    });
  }

  /** As whoever calls the command line with the operators' credentials. */
  private letIn(lambda: KolateLambda<'main-job'>, { environment, operatorSecret }: MainJobProps): void {
    const resourceName = deploymentParameter(environment.name).slice(1);
    const parameter = Stack.of(this).formatArn({ service: 'ssm', resource: 'parameter', resourceName });
    // Written out: the secret's own grant would have its stack depend on this one.
    const { secretArn, encryptionKey } = operatorSecret;
    const rights = [
      ['ssm:GetParameter', parameter],
      ['secretsmanager:GetSecretValue', secretArn],
      ...(encryptionKey ? [['kms:Decrypt', encryptionKey.keyArn] as const] : []),
    ] as const;
    for (const [action, resource] of rights) {
      lambda.function.addToRolePolicy(new PolicyStatement({ actions: [action], resources: [resource] }));
    }
  }
}
