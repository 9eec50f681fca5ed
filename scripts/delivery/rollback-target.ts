/** An execution of a pipeline that got through the stage in question. */
export type StageExecution = {
  readonly id: string;
  /** Of one that was itself a roll back: what it went back to. */
  readonly rolledBackTo: string | undefined;
  readonly startedAt: Date;
};

/**
 * The execution to go back to: the newest that is older than what the stage runs now, and no roll back itself, since
 * CodePipeline takes none. Undefined where there is nothing older.
 */
export function rollbackTarget(executions: readonly StageExecution[]): StageExecution | undefined {
  const newestFirst = [...executions].sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
  const [last] = newestFirst;
  if (!last) return undefined;
  const runningId = last.rolledBackTo ?? last.id;
  const running = newestFirst.findIndex(({ id }) => id === runningId);
  if (running < 0) return undefined;
  return newestFirst.slice(running + 1).find(({ rolledBackTo }) => rolledBackTo === undefined);
}
