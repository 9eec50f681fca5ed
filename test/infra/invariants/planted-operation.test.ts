import { type Route, route } from '../../../src/contracts/http/route';
import { alarmsLeadSomewhere, topicsLetAlarmsIn, unusedRunbooks } from './alarms-lead-somewhere';
import { containersConfined } from './containers-confined';
import { environmentsComplete } from './environments-complete';
import { keysLetServicesIn, logsEnd } from './logs-and-keys';
import { noWildcards } from './no-wildcards';
import { allowing, arnOf, assemblyWith, holds, resource } from './planted';
import { routesServed } from './routes-served';
import { violationsOf } from './rule';
import { statefulRetained } from './stateful-retained';
import { templateLimits } from './template-limits';
import { deadLettersKept, topicsComplete } from './topics-complete';

const keyFor = (Service: unknown) =>
  resource('AWS::KMS::Key', {
    KeyPolicy: allowing({ Principal: { Service }, Action: ['kms:Decrypt', 'kms:GenerateDataKey*'], Resource: '*' }),
  });
const alarm = (properties: Readonly<Record<string, unknown>>) =>
  resource('AWS::CloudWatch::Alarm', {
    AlarmActions: [{ Ref: 'Topic' }],
    AlarmDescription: 'Full. Runbook: docs/runbooks/disk-full.md',
    ...properties,
  });
const Topic = resource('AWS::SNS::Topic', { KmsMasterKeyId: arnOf('Key') });

holds(statefulRetained, [
  [
    'takes what is retained',
    { Key: { Type: 'AWS::KMS::Key', DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' } },
    [],
  ],
  [
    'finds what goes when it is replaced',
    { Db: { Type: 'AWS::RDS::DBCluster', DeletionPolicy: 'Snapshot' } },
    ['Db has UpdateReplacePolicy Delete'],
  ],
]);

holds(logsEnd, [
  [
    'finds a group that keeps for ever',
    { Log: resource('AWS::Logs::LogGroup') },
    ['Log keeps logs for ever; expected RetentionInDays'],
  ],
  [
    'finds a function without a group of ours',
    { Function: resource('AWS::Lambda::Function') },
    ['Function logs to a group that Lambda makes, which keeps for ever'],
  ],
]);

holds(keysLetServicesIn, [
  [
    'takes a key that lets the logs of the region in',
    { Log: resource('AWS::Logs::LogGroup', { KmsKeyId: arnOf('Key') }), Key: keyFor('logs.eu-west-1.amazonaws.com') },
    [],
  ],
  [
    'reads a name that is put together',
    {
      Log: resource('AWS::Logs::LogGroup', { KmsKeyId: arnOf('Key') }),
      Key: keyFor({ 'Fn::Join': ['', ['logs.', { Ref: 'AWS::Region' }, '.amazonaws.com']] }),
    },
    [],
  ],
  [
    'finds one that lets those of another in',
    { Log: resource('AWS::Logs::LogGroup', { KmsKeyId: arnOf('Key') }), Key: keyFor('logs.us-east-1.amazonaws.com') },
    ['Log is encrypted with a key that does not let logs.eu-west-1.amazonaws.com in'],
  ],
  [
    'finds alarms that would vanish',
    { Alarm: alarm({}), Topic, Key: keyFor('sns.amazonaws.com') },
    ['Topic is encrypted with a key that does not let cloudwatch.amazonaws.com in'],
  ],
  [
    'finds events that would',
    {
      Rule: resource('AWS::Events::Rule', { Targets: [{ Arn: arnOf('Queue') }] }),
      Queue: resource('AWS::SQS::Queue', { KmsMasterKeyId: arnOf('Key') }),
      Key: keyFor('sns.amazonaws.com'),
    },
    ['Queue is encrypted with a key that does not let events.amazonaws.com in'],
  ],
]);

holds(alarmsLeadSomewhere(new Set(['disk-full'])), [
  ['takes an alarm with both', { Alarm: alarm({}), Topic }, []],
  ['finds one that tells nobody', { Alarm: alarm({ AlarmActions: [] }) }, ['Alarm tells nobody']],
  ['finds one without a runbook', { Alarm: alarm({ AlarmDescription: 'Full.' }), Topic }, ['Alarm names no runbook']],
  [
    'finds one whose runbook is not there',
    { Alarm: alarm({ AlarmDescription: 'docs/runbooks/gone.md' }), Topic },
    ['Alarm names the runbook gone, which there is not'],
  ],
  [
    'leaves alone what scales',
    {
      Alarm: alarm({ AlarmActions: [{ Ref: 'Scale' }] }),
      Scale: resource('AWS::ApplicationAutoScaling::ScalingPolicy'),
    },
    [],
  ],
]);

const policy = (...statements: readonly object[]) =>
  resource('AWS::SNS::TopicPolicy', { Topics: [{ Ref: 'Topic' }], PolicyDocument: { Statement: statements } });
const onlyTls = { Effect: 'Deny', Action: 'sns:Publish', Principal: '*' };
const letsIn = (Service: string) => ({ Effect: 'Allow', Action: 'sns:Publish', Principal: { Service } });
holds(topicsLetAlarmsIn, [
  ['takes a topic without a policy', { Alarm: alarm({}), Topic }, []],
  [
    'takes one that lets CloudWatch in',
    { Alarm: alarm({}), Topic, Policy: policy(onlyTls, letsIn('cloudwatch.amazonaws.com')) },
    [],
  ],
  [
    'finds one that only refuses, or lets others in',
    { Alarm: alarm({}), Topic, Policy: policy(onlyTls, letsIn('events.amazonaws.com')) },
    ['Policy does not let CloudWatch publish its alarms'],
  ],
  ['leaves alone what no alarm goes to', { Topic, Policy: policy(onlyTls) }, []],
]);

const topic = { name: 'a.v1', partitions: 6, retentionMs: 1, compacted: false, consumed: true };
const made = (TopicName: string, PartitionCount: number) => resource('AWS::MSK::Topic', { TopicName, PartitionCount });
holds(topicsComplete([topic]), [
  ['takes all three', { A: made('a.v1', 6), B: made('a.v1.retry', 6), C: made('a.v1.dlq', 1) }, []],
  [
    'finds that dead letters have no topic',
    { A: made('a.v1', 6), B: made('a.v1.retry', 6) },
    ['kolate-try-part/Topics lack a.v1.dlq'],
  ],
  [
    'finds another number of partitions, and what no contract knows',
    { A: made('a.v1', 3), B: made('a.v1.retry', 6), C: made('a.v1.dlq', 1), D: made('b.v1', 1) },
    ['A has 3 partitions; expected 6', 'D has 1 partitions; expected no such topic'],
  ],
]);

holds(deadLettersKept, [
  [
    'takes a queue with dead letters, and those',
    {
      Queue: resource('AWS::SQS::Queue', { RedrivePolicy: { deadLetterTargetArn: arnOf('Dead') } }),
      Dead: resource('AWS::SQS::Queue'),
    },
    [],
  ],
  ['finds a queue without', { Queue: resource('AWS::SQS::Queue') }, ['Queue has no queue for what cannot be handled']],
  [
    'finds a target without',
    { Rule: resource('AWS::Events::Rule', { Targets: [{ Id: 'Bridge' }] }) },
    ['Rule has a target Bridge without a dead-letter queue'],
  ],
]);

const container = { Name: 'app', ReadonlyRootFilesystem: true, User: '10001:10001', LogConfiguration: {} };
const task = (...containers: object[]) => resource('AWS::ECS::TaskDefinition', { ContainerDefinitions: containers });
holds(containersConfined, [
  ['takes a confined one', { Task: task(container) }, []],
  [
    'finds a sidecar that may write, as root, with privileges, unheard',
    { Task: task(container, { Name: 'side', Privileged: true, User: '0' }) },
    [
      'Task has a container side that may write to its root',
      'Task has a container side that runs as root',
      'Task has a container side with privileges',
      'Task has a container side whose output nobody keeps',
    ],
  ],
]);

const contract = {
  properties: { KOLATE_URL: {}, KOLATE_PORT: { default: 1 }, KOLATE_KEY: {} },
  required: ['KOLATE_URL', 'KOLATE_PORT', 'KOLATE_KEY'],
};
const running = (Environment: object[], Secrets: object[]) => task({ ...container, Environment, Secrets });
holds(environmentsComplete({ app: contract }), [
  [
    'takes values and secrets, and defaults',
    { Task: running([{ Name: 'KOLATE_URL' }, { Name: 'TZ' }], [{ Name: 'KOLATE_KEY' }]) },
    [],
  ],
  [
    'finds what lacks, and what nobody reads',
    { Task: running([{ Name: 'KOLATE_URL' }, { Name: 'KOLATE_OLD' }], []) },
    ['Task app lacks KOLATE_KEY', 'Task app has KOLATE_OLD, which its contract does not know'],
  ],
  [
    'finds a service that does not run',
    { Other: task({ ...container, Name: 'other' }) },
    ['kolate-try-part/Services lack a container app'],
  ],
]);

const api = {
  Api: resource('AWS::ApiGateway::RestApi'),
  V1: resource('AWS::ApiGateway::Resource', { ParentId: { 'Fn::GetAtt': ['Api', 'RootResourceId'] }, PathPart: 'v1' }),
  Predictions: resource('AWS::ApiGateway::Resource', { ParentId: { Ref: 'V1' }, PathPart: 'predictions' }),
};
const method = (properties: Readonly<Record<string, unknown>>) =>
  resource('AWS::ApiGateway::Method', {
    HttpMethod: 'GET',
    ResourceId: { Ref: 'Predictions' },
    OperationName: 'listPredictions',
    AuthorizationType: 'CUSTOM',
    ...properties,
  });
const listPredictions: Route = route({
  ...{
    operationId: 'listPredictions',
    summary: '',
    service: 'predict-registry',
    method: 'GET',
    path: '/v1/predictions',
  },
  ...{ scopes: ['predictions:read'], throttle: 'control', responses: {} },
});
holds(routesServed([listPredictions]), [
  ['takes a method for each route', { ...api, Get: method({}) }, []],
  [
    'finds a route without a method',
    { ...api, Get: method({ HttpMethod: 'PUT' }) },
    ['Api lacks GET /v1/predictions', 'Get is a method without a route'],
  ],
  [
    'finds a method of another name',
    { ...api, Get: method({ OperationName: 'list' }) },
    ['Get has OperationName list; expected listPredictions'],
  ],
  [
    'finds a method that asks for no token',
    { ...api, Get: method({ AuthorizationType: 'NONE' }) },
    ['Get has AuthorizationType NONE'],
  ],
]);

describe('template-limits', () => {
  it('finds a template that is too large, and one with too many resources', () => {
    const many = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [`R${index}`, resource('AWS::SSM::Parameter')]),
    );
    expect(violationsOf(templateLimits, assemblyWith({ resources: many, bytes: 1_000_000 }))).toEqual([
      'kolate-try-part/template has 500 resources; expected at most 499',
      'kolate-try-part/template has 1000000 bytes; expected at most 999999',
    ]);
  });
});

describe('an exception', () => {
  const resources = { Queue: resource('AWS::SQS::Queue') };
  const accepted = { id: 'Kolate::dead-letters-kept', reason: 'Whoever reads it may lose messages.', path: 'Queue' };

  it('is taken for the rule that it names, where it stands', () => {
    expect(violationsOf(deadLettersKept, assemblyWith({ resources, acknowledgements: [accepted] }))).toEqual([]);
  });

  it.each([
    ['of another rule', { ...accepted, id: 'Kolate::nothing-public' }],
    ['of another resource', { ...accepted, path: 'Queu' }],
    ['without a reason', { ...accepted, reason: '' }],
  ])('is not taken when it is %s', (_what, acknowledgement) => {
    expect(
      violationsOf(deadLettersKept, assemblyWith({ resources, acknowledgements: [acknowledgement] })),
    ).toHaveLength(1);
  });

  it('of a wildcard is the one that cdk-nag reads', () => {
    const policy = {
      Policy: resource('AWS::IAM::Policy', { PolicyDocument: allowing({ Action: 's3:GetObject', Resource: '*' }) }),
    };
    const reason = { id: 'AwsSolutions-IAM5[Resource::*]', reason: 'It has no name yet.', path: 'Policy' };
    expect(violationsOf(noWildcards, assemblyWith({ resources: policy, acknowledgements: [reason] }))).toEqual([]);
  });
});

it('finds stateful resources in a stack that anybody can delete', () => {
  const Db = { Type: 'AWS::RDS::DBCluster', DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' };
  expect(violationsOf(statefulRetained, assemblyWith({ resources: { Db }, isProtected: false }))).toEqual([
    'Db is in a stack without termination protection',
  ]);
});

it('finds runbooks that no alarm leads to', () => {
  const assembly = assemblyWith({ resources: { Alarm: alarm({}), Topic } });
  expect(unusedRunbooks(new Set(['disk-full', 'forgotten']), [assembly])).toEqual(['forgotten']);
});

it('follows a reference through another stack’s output', () => {
  const { stacks } = assemblyWith({
    resources: { Key: keyFor('sns.amazonaws.com') },
    outputs: { KeyArn: { Value: arnOf('Key') } },
  });
  const KmsKeyId = { 'Fn::GetStackOutput': { StackName: 'kolate-try-part', OutputName: 'KeyArn' } };
  const user = assemblyWith({ resources: { Log: resource('AWS::Logs::LogGroup', { KmsKeyId }) } });
  const both = {
    ...user,
    stacks: [...stacks, ...user.stacks.map((stack) => ({ ...stack, name: 'kolate-try-other' }))],
  };
  expect(violationsOf(keysLetServicesIn, both)).toEqual([
    'Log is encrypted with a key that does not let logs.eu-west-1.amazonaws.com in',
  ]);
});
