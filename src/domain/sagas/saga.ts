import type { EventContract } from '../../contracts/events/event';

/** One step of a saga: a command and its reply, and the command that takes its effect back. */
export type StepDefinition<C extends string = string> = {
  readonly name: string;
  readonly command: C;
  /** Registered before `command` is sent; has to do nothing where `command` had no effect yet. */
  readonly undo: C | undefined;
  /** How long one attempt is waited for, of `command` and of `undo` alike. */
  readonly timeoutMs: number;
  /** How often `command` is tried in one run of the operation. */
  readonly attempts: number;
  /** Once it has succeeded nothing is undone any more: what follows can only go forward. */
  readonly final: boolean;
  /** Once it has been sent nothing is undone any more: its failure leaves the operation failed, to be retried from here. */
  readonly irreversible: boolean;
  /** Its failure does not fail the operation: the step is skipped. */
  readonly optional: boolean;
};

/** A saga as data: `advance` interprets it. */
export type SagaDefinition<C extends string = string> = {
  readonly name: string;
  /** Its data carry `operationId`, which becomes the saga's id, and `tenantId`; all of them are the saga's input. */
  readonly startedBy: EventContract;
  /** The step whose output is the result of the operation. */
  readonly result: string | undefined;
  readonly steps: readonly StepDefinition<C>[];
};

type StepOptions<C extends string> = {
  readonly command: C;
  readonly undo?: C;
  readonly timeoutMs: number;
  readonly attempts?: number;
  readonly final?: boolean;
  readonly irreversible?: boolean;
  readonly optional?: boolean;
};

const defaultAttempts = 3;

export const step = <const C extends string>(name: string, options: StepOptions<C>): StepDefinition<C> => ({
  name,
  command: options.command,
  undo: options.undo,
  timeoutMs: options.timeoutMs,
  attempts: options.attempts ?? defaultAttempts,
  final: options.final ?? false,
  irreversible: options.irreversible ?? false,
  optional: options.optional ?? false,
});

/** @throws Error when two steps share a name, or `result` names none: a fault in the definition, seen when it is loaded */
export function saga<const C extends string>(
  name: string,
  { startedBy, result }: { startedBy: EventContract; result?: string },
  steps: readonly StepDefinition<C>[],
): SagaDefinition<C> {
  const names = new Set(steps.map((each) => each.name));
  if (names.size !== steps.length) throw new Error(`saga ${name}: two steps share a name`);
  if (result !== undefined && !names.has(result)) throw new Error(`saga ${name}: no step is named ${result}`);
  return { name, startedBy, result, steps };
}
