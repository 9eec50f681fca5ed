import type { Message } from '../../../contracts/events/event';
import { type StepCommandName, stepCommands } from '../../../domain/sagas/all-sagas';
import { type EventHandler, on } from '../../../platform/kafka/event-handler';
import type { CoreSql } from '../../../platform/postgres/sql';
import type { Tracer } from '../../../platform/telemetry/tracer';
import { expired, isOutage, replyFailed, replySucceeded } from './reply';
import type { QuickStep, StepContext, Steps } from './step';
import { toContext } from './step';
import { createStepQueue } from './step-queue';
import { traceStep } from './trace-step';

type Hooks = {
  readonly now: () => number;
  readonly onFailure: (context: StepContext, error: unknown) => void;
  readonly tracer?: Tracer | undefined;
};

/**
 * A handler for each command: quick steps are done in the transaction that takes the message, slow ones are put into the
 * queue by it, so that nothing in the topic waits for them.
 */
export const createStepHandlers = (steps: Steps, hooks: Hooks): EventHandler<CoreSql>[] =>
  [...stepCommands].map(([command, contract]) =>
    on(contract, async (message, sql: CoreSql) => {
      const context = toContext(command as StepCommandName, message);
      const step = steps[context.command];
      if (step.kind === 'slow') await createStepQueue(sql).add(message as Message, context);
      else await runQuick(sql, step.run, context, hooks);
    }),
  );

async function runQuick(sql: CoreSql, run: QuickStep, asked: StepContext, hooks: Hooks): Promise<void> {
  const { now, onFailure, tracer } = hooks;
  const { context, end } = traceStep(tracer, asked);
  // A failed statement spoils a transaction; the reply that tells of it belongs into the same one.
  await sql.query('savepoint step');
  try {
    if (context.deadline <= now()) throw expired(context);
    await replySucceeded(sql, context, await run(sql, context));
    end();
  } catch (error) {
    end(error);
    if (isOutage(error)) throw error;
    onFailure(context, error);
    await sql.query('rollback to savepoint step');
    await replyFailed(sql, context, error);
  }
}
