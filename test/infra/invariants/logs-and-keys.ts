import { type Assembly, type PlacedResource, resourcesOf } from '../../../lib/assembly/assembly';
import { at, follow, listOf, ofEach, type Rule, statementsOf, textOf, type Violation } from './rule';

export const logsEnd: Rule = {
  name: 'logs-end',
  check: (assembly: Assembly) => [
    ...ofEach('AWS::Logs::LogGroup', ({ RetentionInDays }) =>
      RetentionInDays === undefined ? 'keeps logs for ever; expected RetentionInDays' : undefined,
    )(assembly),
    ...ofEach('AWS::Lambda::Function', ({ LoggingConfig }) =>
      at(LoggingConfig, 'LogGroup') === undefined
        ? 'logs to a group that Lambda makes, which keeps for ever'
        : undefined,
    )(assembly),
  ],
};

/** A service of AWS that uses what a key of ours encrypts, which no linter looks at: it fails, or drops messages in silence. */
export const keysLetServicesIn: Rule = {
  name: 'keys-let-services-in',
  check: (assembly: Assembly) => [
    ...resourcesOf(assembly, 'AWS::Logs::LogGroup').flatMap((group) =>
      missing(assembly, group, group.properties.KmsKeyId, `logs.${group.stack.region}.amazonaws.com`),
    ),
    ...alarmTopics(assembly).flatMap((topic) =>
      missing(assembly, topic, topic.properties.KmsMasterKeyId, 'cloudwatch.amazonaws.com'),
    ),
    ...eventTargets(assembly).flatMap((target) =>
      missing(assembly, target, target.properties.KmsMasterKeyId, 'events.amazonaws.com'),
    ),
  ],
};

function missing(assembly: Assembly, user: PlacedResource, reference: unknown, service: string): Violation[] {
  if (reference === undefined) return [];
  const key = follow(assembly, user.stack, reference);
  if (!key) return [{ at: user, says: 'is encrypted with a key of which nothing is known' }];
  const lets = statementsOf(key.properties.KeyPolicy).some(
    ({ effect, principal, actions }) =>
      effect === 'Allow' &&
      listOf(at(principal, 'Service')).some((name) => textOf(name, user.stack.region) === service) &&
      ['kms:Decrypt', 'kms:GenerateDataKey'].every((needed) =>
        actions.some((action) => `${needed}*`.startsWith(String(action).replace(/\*$/, ''))),
      ),
  );
  return lets ? [] : [{ at: user, says: `is encrypted with a key that does not let ${service} in` }];
}

const unique = (found: readonly (PlacedResource | undefined)[]): PlacedResource[] => [
  ...new Map(found.flatMap((one) => (one ? [[`${one.stack.name}/${one.id}`, one] as const] : []))).values(),
];

const alarmTopics = (assembly: Assembly): PlacedResource[] =>
  unique(
    resourcesOf(assembly, 'AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm').flatMap(
      ({ stack, properties }) =>
        listOf(properties.AlarmActions)
          .map((action) => follow(assembly, stack, action))
          .filter((action) => action?.resource.Type === 'AWS::SNS::Topic'),
    ),
  );

/** Queues and topics that rules of EventBridge put events into, their dead letters included. */
const eventTargets = (assembly: Assembly): PlacedResource[] =>
  unique(
    resourcesOf(assembly, 'AWS::Events::Rule').flatMap(({ stack, properties }) =>
      listOf(properties.Targets)
        .flatMap((target) => [at(target, 'Arn'), at(target, 'DeadLetterConfig.Arn')])
        .map((arn) => follow(assembly, stack, arn))
        .filter((found) => ['AWS::SQS::Queue', 'AWS::SNS::Topic'].includes(found?.resource.Type ?? '')),
    ),
  );
