import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { HandlerEnv, HandlerName } from '../../src/contracts/env/handler-envs';
import type { Environment } from '../config/environment';
import { LambdaAlarms } from './lambda-alarms';

/** The variables of an environment contract as CloudFormation sets them: one that is forgotten does not compile. */
export type Variables<E> = { readonly [K in keyof E]: string };

export type KolateLambdaProps<N extends HandlerName> = {
  /** Folder of src/handlers; docs/runbooks/lambda-<handler>.md is the runbook of its alarms. */
  readonly handler: N;
  readonly description: string;
  readonly environment: Variables<HandlerEnv<N>>;
  /** Encrypts logs and dead letters; a `KolateKey`, as a log group needs a grant of its own. */
  readonly key: IKey;
  readonly logDays: Environment['logDays'];
  readonly alarmTopic: ITopic;
  /** @default - 10 seconds */
  readonly timeout?: Duration;
  /** CPU comes in proportion, a whole one at 1769. @default 512 */
  readonly memoryMib?: number;
  /** How many may run at once, or why they may all. Reserved ones are taken from the account's. */
  readonly concurrency: number | { readonly unlimitedBecause: string };
  /** The app subnets of it, with a security group of its own. @default - outside, with the way to AWS' own endpoints only */
  readonly vpc?: ec2.IVpc;
  /** Of which it is to be, too. @default - none */
  readonly groups?: readonly ec2.ISecurityGroup[];
  /** Whoever calls does not wait for the answer: what fails thrice is kept in a queue. @default false */
  readonly async?: boolean;
  /**
   * What in the log is an error, where the metric of Lambda would count refusals that are in order.
   * @default - every failed call
   */
  readonly errorTerms?: readonly string[];
};

/** A handler of ours as a function: Node 24 on ARM, the bundle that `npm run build` made, its log, its limits, its alarms. */
export class KolateLambda<N extends HandlerName> extends Construct implements ec2.IConnectable, iam.IGrantable {
  readonly function: lambda.Function;
  readonly deadLetters: Queue | undefined;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: KolateLambdaProps<N>) {
    super(scope, id);
    const { vpc, concurrency, key } = props;
    const logGroup = new LogGroup(this, 'Log', {
      encryptionKey: key,
      retention: props.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup = logGroup;
    logGroup.grantWrite(role);
    this.deadLetters = props.async ? this.makeDeadLetters(key) : undefined;
    this.function = new lambda.Function(this, 'Function', {
      code: lambda.Code.fromAsset(bundleOf(props.handler)),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      description: props.description,
      environment: { ...props.environment },
      role,
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      tracing: lambda.Tracing.ACTIVE,
      timeout: props.timeout ?? Duration.seconds(10),
      memorySize: props.memoryMib ?? 512,
      reservedConcurrentExecutions: typeof concurrency === 'number' ? concurrency : undefined,
      deadLetterQueue: this.deadLetters,
      ...(vpc ? this.inside(vpc, role, props.groups) : {}),
    });
    // The function's own grant for its queue leaves out what the queue's key wants.
    if (this.deadLetters) key.grant(role, 'kms:Decrypt', 'kms:GenerateDataKey');
    new LambdaAlarms(this, 'Alarms', { ...props, function: this.function, logGroup, deadLetters: this.deadLetters });
    this.explain(props);
  }

  get connections(): ec2.Connections {
    return this.function.connections;
  }

  get grantPrincipal(): iam.IPrincipal {
    return this.function.grantPrincipal;
  }

  private makeDeadLetters(key: IKey): Queue {
    return new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
  }

  private inside(vpc: ec2.IVpc, role: iam.Role, groups: readonly ec2.ISecurityGroup[] = []) {
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: [
          ...['ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface', 'ec2:DescribeNetworkInterfaces'],
          ...['ec2:DescribeSubnets', 'ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses'],
        ],
        resources: ['*'],
      }),
    );
    const group = new ec2.SecurityGroup(this, 'Group', { vpc, description: `Lambda ${this.node.id}` });
    return { vpc, vpcSubnets: { subnetGroupName: 'app' }, securityGroups: [group, ...groups] };
  }

  private explain({ concurrency, vpc, async }: KolateLambdaProps<N>): void {
    const because = (id: string, reason: string) => Validations.of(this.function).acknowledge({ id, reason });
    if (typeof concurrency !== 'number') because('NIST.800.53.R5-LambdaConcurrency', concurrency.unlimitedBecause);
    if (!vpc) because('NIST.800.53.R5-LambdaInsideVPC', 'It reaches nothing but endpoints of AWS, and holds no data.');
    because(
      'cdk-validator-cfnguard::lambda_inside_vpc_check',
      vpc
        ? 'It is; the rule does not read subnets that are named by another stack.'
        : 'It reaches nothing but endpoints of AWS, and holds no data.',
    );
    if (!async) {
      const waits = 'Whoever calls waits for the answer and calls again.';
      because('NIST.800.53.R5-LambdaDLQ', waits);
      because('Serverless-LambdaDLQ', waits);
    }
    if (this.deadLetters) {
      const isLast = 'It is the dead-letter queue.';
      for (const id of ['Serverless-SQSRedrivePolicy', 'cdk-validator-cfnguard::sqs_dlq_check']) {
        Validations.of(this.deadLetters).acknowledge({ id, reason: isLast });
      }
    }
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: vpc
        ? 'X-Ray and the network interfaces that Lambda makes in the VPC have no names to grant by.'
        : 'X-Ray takes traces of no named resource.',
    });
  }
}

function bundleOf(handler: HandlerName): string {
  const folder = join(process.cwd(), 'dist/lambda', handler);
  if (existsSync(join(folder, 'index.js'))) return folder;
  throw new Error(`handler: ${handler} has no bundle in ${folder}; expected one: run npm run build`);
}
