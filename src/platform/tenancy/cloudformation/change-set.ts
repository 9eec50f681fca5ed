import {
  type Change,
  type CloudFormationClient,
  CreateChangeSetCommand,
  type CreateChangeSetCommandInput,
  DeleteChangeSetCommand,
  DescribeChangeSetCommand,
  type DescribeChangeSetCommandOutput,
  ExecuteChangeSetCommand,
} from '@aws-sdk/client-cloudformation';
import { KolateError } from '../../../contracts/errors';
import { ask } from './cloudformation-client';
import { failureOf } from './stack-failure';

/** Types whose replacement or removal would lose a tenant's data or lock it out of it. */
const stateful = new Set([
  'AWS::EC2::Volume',
  'AWS::KMS::Key',
  'AWS::SecretsManager::Secret',
  'AWS::S3::Bucket',
  'AWS::EFS::FileSystem',
]);

const maxChangePages = 20;
const nothingToDo = /didn't contain changes|no updates are to be performed/i;

export type ChangeSetInput = Omit<CreateChangeSetCommandInput, 'ChangeSetName' | 'ChangeSetType' | 'StackName'> & {
  readonly StackName: string;
};

/**
 * Plans an update, looks at it and starts it.
 * @param token the same token is the same change set, whoever asks again
 * @param pause waits a moment between two looks at the change set
 * @returns false when there is nothing to change
 * @throws KolateError KLT_STACK_CHANGE_REFUSED when it would replace or remove what holds data
 */
export async function updateByChangeSet(
  client: CloudFormationClient,
  input: ChangeSetInput,
  token: string,
  pause: () => Promise<void>,
): Promise<boolean> {
  const name = { StackName: input.StackName, ChangeSetName: `kolate-${token}`.slice(0, 128) };
  await ask(() =>
    client.send(new CreateChangeSetCommand({ ...input, ...name, ChangeSetType: 'UPDATE', ClientToken: token })),
  ).catch((error: unknown) => {
    // Asked for before a crash: it is there already.
    if (!(error instanceof KolateError && /AlreadyExists/.test(error.detail))) throw error;
  });
  const planned = await settled(client, name, pause);
  const drop = () => ask(() => client.send(new DeleteChangeSetCommand(name)));
  if (planned.Status === 'FAILED') {
    const words = planned.StatusReason ?? 'no reason given';
    await drop();
    if (nothingToDo.test(words)) return false;
    throw failureOf(words);
  }
  const lost = await losses(client, name, planned);
  if (lost.length > 0) {
    await drop();
    throw new KolateError('KLT_STACK_CHANGE_REFUSED', `the update would replace or remove ${lost.join(', ')}`, {
      hint: 'these hold data: move it by a change of tier, or publish a template that leaves them as they are',
    });
  }
  await ask(() => client.send(new ExecuteChangeSetCommand({ ...name, ClientRequestToken: token })));
  return true;
}

type Name = { readonly StackName: string; readonly ChangeSetName: string };

async function settled(client: CloudFormationClient, name: Name, pause: () => Promise<void>) {
  for (;;) {
    const planned = await ask(() => client.send(new DescribeChangeSetCommand(name)));
    if (planned.Status === 'CREATE_COMPLETE' || planned.Status === 'FAILED') return planned;
    await pause();
  }
}

async function losses(client: CloudFormationClient, name: Name, first: DescribeChangeSetCommandOutput) {
  const lost: string[] = [];
  let page = first;
  for (let count = 1; ; count += 1) {
    lost.push(...(page.Changes ?? []).flatMap(lossOf));
    const { NextToken } = page;
    if (!NextToken || count >= maxChangePages) return lost;
    page = await ask(() => client.send(new DescribeChangeSetCommand({ ...name, NextToken })));
  }
}

function lossOf({ ResourceChange: change }: Change): string[] {
  if (!change?.ResourceType || !stateful.has(change.ResourceType)) return [];
  // `Conditional` may turn out to be a replacement while it runs, which is too late to refuse.
  const replaced = change.Action === 'Modify' && change.Replacement !== 'False';
  const removed = change.Action === 'Remove';
  return replaced || removed ? [`${change.LogicalResourceId} (${change.ResourceType})`] : [];
}
