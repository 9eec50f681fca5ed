import { DescribeTasksCommand, type ECSClient, RunTaskCommand, StopTaskCommand, type Task } from '@aws-sdk/client-ecs';

export type TaskToRun = {
  readonly cluster: string;
  readonly taskDefinition: string;
  readonly container: string;
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
};

export type RunOptions = {
  /** The same for the same request: asked again with it, ECS starts nothing new. */
  readonly token: string;
  /** Milliseconds left. */
  readonly remainingMs: () => number;
  readonly pollMs: number;
};

/** To stop the task and to answer. */
const lastWordsMs = 20_000;
/** As `clientToken` may be long. */
const maxTokenLength = 64;

/**
 * Runs one task and waits for its end; one that takes too long is stopped, and what it had not committed is rolled back.
 * @throws Error saying why ECS did not start it, how it ended, or that it took too long
 */
export async function runTask(ecs: ECSClient, task: TaskToRun, options: RunOptions): Promise<void> {
  const arn = await start(ecs, task, options.token);
  while (options.remainingMs() > lastWordsMs) {
    await new Promise((resolve) => setTimeout(resolve, options.pollMs));
    const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster: task.cluster, tasks: [arn] }));
    // Just started, it is not always known at once.
    if (tasks[0]?.lastStatus === 'STOPPED') return checkEnd(tasks[0], task.container);
  }
  await ecs.send(new StopTaskCommand({ cluster: task.cluster, task: arn, reason: 'takes too long for a deployment' }));
  throw new Error(`the task ${arn} took too long and was stopped; see its log`);
}

async function start(ecs: ECSClient, task: TaskToRun, token: string): Promise<string> {
  const { subnets, securityGroups } = task;
  const { tasks = [], failures = [] } = await ecs.send(
    new RunTaskCommand({
      cluster: task.cluster,
      taskDefinition: task.taskDefinition,
      launchType: 'FARGATE',
      count: 1,
      clientToken: token.slice(0, maxTokenLength),
      networkConfiguration: {
        awsvpcConfiguration: { subnets: [...subnets], securityGroups: [...securityGroups], assignPublicIp: 'DISABLED' },
      },
    }),
  );
  const arn = tasks[0]?.taskArn;
  if (arn !== undefined) return arn;
  throw new Error(`ECS started no task: ${failures.map(({ reason, detail }) => reason ?? detail).join(', ')}`);
}

function checkEnd({ taskArn, containers = [], stoppedReason }: Task, name: string): void {
  const { exitCode, reason } = containers.find((container) => container.name === name) ?? {};
  if (exitCode === 0) return;
  const why = [`exit code ${exitCode ?? 'unknown'}`, reason, stoppedReason].filter(Boolean).join('; ');
  throw new Error(`the task ${taskArn} failed: ${why}; see its log`);
}
