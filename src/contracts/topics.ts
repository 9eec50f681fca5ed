/** `retentionMs: -1` keeps for ever. `consumed` topics have a `.retry` and a `.dlq` beside them. */
export type Topic = {
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number;
  readonly compacted: boolean;
  readonly consumed: boolean;
};

const day = 86_400_000;
const topic = (name: string, options: Partial<Topic> = {}): Topic => ({
  name,
  partitions: 6,
  retentionMs: 7 * day,
  compacted: false,
  consumed: true,
  ...options,
});

/** Facts are keyed by the id of their aggregate, so that one aggregate's facts stay in order. */
export const topics = {
  tenantLifecycle: topic('tenant.lifecycle.v1', { retentionMs: 30 * day }),
  operationLifecycle: topic('operation.lifecycle.v1'),
  modelLifecycle: topic('model.lifecycle.v1', { retentionMs: 30 * day }),
  predictionLifecycle: topic('prediction.lifecycle.v1', { partitions: 12 }),
  commandEnterpriseInfo: topic('command.enterprise-info.v1'),
  commandCore: topic('command.core.v1'),
  replyCore: topic('reply.core.v1'),
  /** Keyed by the stack's name. Wakes whoever waits for a stack; what counts is what CloudFormation answers then. */
  stackLifecycle: topic('stack.lifecycle.v1', { partitions: 3, retentionMs: day, consumed: false }),
} as const satisfies Record<string, Topic>;

/** What the saga engine takes facts, replies and operators' requests from. */
export const sagaTopics = [topics.tenantLifecycle, topics.replyCore, topics.commandCore] as const;

export const retryTopic = (name: string): string => `${name}.retry`;
export const deadLetterTopic = (name: string): string => `${name}.dlq`;

/** Where messages end that could not be handled, for whoever looks after them. */
export const deadLetterTopics = (): { readonly name: string }[] =>
  Object.values<Topic>(topics).flatMap(({ name, consumed }) => (consumed ? [{ name: deadLetterTopic(name) }] : []));

/** Every topic that has to exist, retry and dead-letter topics included. */
export function allTopics(): Topic[] {
  return Object.values<Topic>(topics).flatMap((main) =>
    main.consumed
      ? [
          main,
          topic(retryTopic(main.name), { partitions: main.partitions, retentionMs: 7 * day, consumed: false }),
          topic(deadLetterTopic(main.name), { partitions: 1, retentionMs: 30 * day, consumed: false }),
        ]
      : [main],
  );
}
