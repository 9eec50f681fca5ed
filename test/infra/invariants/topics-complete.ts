import { type Assembly, resourcesOf } from '../../../lib/assembly/assembly';
import { deadLetterTopic, retryTopic, type Topic } from '../../../src/contracts/topics';
import { at, follow, listOf, type Rule, type Violation } from './rule';

/** Each topic of the contracts is there once with its partitions, each consumed one with its retry and dead letters. */
export const topicsComplete = (mains: readonly Topic[]): Rule => ({
  name: 'topics-complete',
  check: (assembly: Assembly) => {
    const made = resourcesOf(assembly, 'AWS::MSK::Topic');
    const wanted = new Map(
      mains.flatMap(({ name, partitions, consumed }): [string, number][] =>
        consumed
          ? [
              [name, partitions],
              [retryTopic(name), partitions],
              [deadLetterTopic(name), 1],
            ]
          : [[name, partitions]],
      ),
    );
    const nowhere = { stack: made[0]?.stack ?? assembly.stacks[0]!, id: 'Topics' };
    const names = made.map(({ properties }) => String(properties.TopicName));
    return [
      ...[...wanted.keys()]
        .filter((name) => !names.includes(name))
        .map((name) => ({ at: nowhere, says: `lack ${name}` })),
      ...made.flatMap((topic): Violation[] => {
        const { TopicName, PartitionCount } = topic.properties;
        const partitions = wanted.get(String(TopicName));
        if (partitions === PartitionCount) return [];
        return [
          { at: topic, says: `has ${String(PartitionCount)} partitions; expected ${partitions ?? 'no such topic'}` },
        ];
      }),
    ];
  },
});

/** What cannot be handled is kept somewhere: of queues, of EventBridge's targets, of functions that poll. */
export const deadLettersKept: Rule = {
  name: 'dead-letters-kept',
  check: (assembly: Assembly) => {
    const keeping = new Set(
      resourcesOf(assembly)
        .flatMap(({ stack, properties }) => deadLetterArns(properties).map((arn) => follow(assembly, stack, arn)))
        .map((queue) => queue && `${queue.stack.name}/${queue.id}`),
    );
    return [
      ...resourcesOf(assembly, 'AWS::SQS::Queue')
        .filter(
          ({ stack, id, properties }) => properties.RedrivePolicy === undefined && !keeping.has(`${stack.name}/${id}`),
        )
        .map((queue) => ({ at: queue, says: 'has no queue for what cannot be handled' })),
      ...resourcesOf(assembly, 'AWS::Events::Rule').flatMap((rule) =>
        listOf(rule.properties.Targets)
          .filter((target) => at(target, 'DeadLetterConfig.Arn') === undefined)
          .map((target) => ({
            at: rule,
            says: `has a target ${String(at(target, 'Id'))} without a dead-letter queue`,
          })),
      ),
    ];
  },
};

const deadLetterArns = (properties: unknown): unknown[] => [
  at(properties, 'RedrivePolicy.deadLetterTargetArn'),
  at(properties, 'DeadLetterConfig.TargetArn'),
  at(properties, 'DestinationConfig.OnFailure.Destination'),
  ...listOf(at(properties, 'Targets')).map((target) => at(target, 'DeadLetterConfig.Arn')),
];
