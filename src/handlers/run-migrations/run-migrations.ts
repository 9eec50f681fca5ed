import type { ECSClient } from '@aws-sdk/client-ecs';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { runTask, type TaskToRun } from './run-task';

type Deps = { readonly ecs: ECSClient; readonly pollMs: number };
type Answer = { readonly Status: 'SUCCESS' | 'FAILED'; readonly Reason?: string };

/** What CloudFormation takes of an answer is 4096 bytes. */
const maxReasonLength = 1_000;

/**
 * A custom resource that is a task which has run: made and changed by running it. CloudFormation goes on with what depends
 * on it when the task has ended well, and rolls back when it has not. Deleting it does nothing: migrations go forward only.
 */
export const createRunMigrations =
  ({ ecs, pollMs }: Deps) =>
  async (event: CloudFormationCustomResourceEvent, context: Pick<Context, 'getRemainingTimeInMillis'>) => {
    const remainingMs = () => context.getRemainingTimeInMillis();
    try {
      if (event.RequestType !== 'Delete') {
        await runTask(ecs, taskOf(event.ResourceProperties), { token: event.RequestId, remainingMs, pollMs });
      }
      await answer(event, { Status: 'SUCCESS' });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      await answer(event, { Status: 'FAILED', Reason: reason.slice(0, maxReasonLength) });
    }
  };

function taskOf(properties: Readonly<Record<string, unknown>>): TaskToRun {
  const text = (name: string): string => {
    const value = properties[name];
    if (typeof value === 'string' && value !== '') return value;
    throw new Error(`the property ${name} is ${JSON.stringify(value)}; expected a text`);
  };
  const list = (name: string): string[] => text(name).split(',');
  return {
    cluster: text('Cluster'),
    taskDefinition: text('TaskDefinition'),
    container: text('Container'),
    subnets: list('Subnets'),
    securityGroups: list('SecurityGroups'),
  };
}

/** To the address that the event brings; without an answer CloudFormation would wait for an hour. */
async function answer(event: CloudFormationCustomResourceEvent, { Status, Reason }: Answer): Promise<void> {
  const { StackId, RequestId, LogicalResourceId } = event;
  // It stays the same, so that a change is never taken for a replacement.
  const body = JSON.stringify({
    Status,
    Reason,
    PhysicalResourceId: LogicalResourceId,
    StackId,
    RequestId,
    LogicalResourceId,
  });
  const response = await fetch(event.ResponseURL, { method: 'PUT', body, headers: { 'content-type': '' } });
  if (!response.ok) throw new Error(`CloudFormation does not take the answer: status ${response.status}`);
}
