import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Stack as AwsStack,
  type CloudFormationClient,
  ContinueUpdateRollbackCommand,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
} from '@aws-sdk/client-cloudformation';
import { KolateError } from '../../../contracts/errors';
import type { StackEndpoints } from '../placement';
import {
  type Removal,
  type Stack,
  type StackSpec,
  shardsUnavailable,
  type TenantStackDriver,
  tierUnavailable,
} from '../tenant-stack-driver';
import { updateByChangeSet } from './change-set';
import { ask, findStack } from './cloudformation-client';
import { culpritOf, failureOf } from './stack-failure';
import { phaseOf } from './stack-status';

/** What a tier is built with. */
export type StackTemplate = {
  /** Of the published template, in S3. */
  readonly url: string;
  readonly parameters: Readonly<Record<string, string>>;
};

export type CloudFormationDriverOptions = {
  readonly client: CloudFormationClient;
  /** @returns undefined for a tier that is not built as a stack */
  readonly templateFor: (
    spec: Pick<StackSpec, 'tier' | 'tenantId' | 'name' | 'place'>,
  ) => Promise<StackTemplate | undefined>;
  /** What CloudFormation acts as. @default - the caller's own rights */
  readonly roleArn?: string;
  /**
   * Resolves when the stack may have come further, `pollMs` later at the latest: an event that is lost, late or repeated
   * changes only when the stack is looked at again, never what comes of it.
   */
  readonly waitForChange?: (stackName: string, pollMs: number, signal: AbortSignal) => Promise<void>;
  readonly pollMs?: number;
  /** How long one `apply` or `destroy` may take. */
  readonly deadlineMs?: number;
};

/** On AWS every stack of a tenant has this prefix: the provisioning role may touch no others. */
export const stackPrefix = 'kolate-';

const maxRounds = 8;

/** Tenants' stores as CloudFormation stacks. */
export function createCloudFormationStackDriver(options: CloudFormationDriverOptions): TenantStackDriver {
  const { client, templateFor, roleArn: RoleARN, pollMs = 5_000, deadlineMs = 30 * 60_000 } = options;
  const { waitForChange = (_name, ms, signal) => delay(ms, undefined, { signal }) } = options;

  const deadlineOf = (signal?: AbortSignal): AbortSignal =>
    signal ? AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]) : AbortSignal.timeout(deadlineMs);

  /** The stack once CloudFormation has finished what it is at. */
  const atRest = async (
    name: string,
    signal: AbortSignal,
    seen: (id: string | undefined) => void = () => undefined,
  ): Promise<AwsStack | undefined> => {
    for (;;) {
      const stack = await findStack(client, name);
      if (stack) seen(stack.StackId);
      if (phaseOf(stack?.StackStatus) !== 'moving') return stack;
      await waitForChange(name, pollMs, signal).catch((error: unknown) => {
        throw tookTooLong(name, stack?.StackStatus, error);
      });
    }
  };

  const create = async (name: string, spec: StackSpec, template: StackTemplate, token: string): Promise<void> => {
    await ask(() =>
      client.send(
        new CreateStackCommand({
          ...commonOf(name, spec, template, RoleARN),
          ClientRequestToken: token,
          OnFailure: 'ROLLBACK',
          TimeoutInMinutes: Math.ceil(deadlineMs / 60_000),
        }),
      ),
    ).catch((error: unknown) => {
      // Somebody was quicker, or our own call had been heard though its answer was lost.
      if (!(error instanceof KolateError && /AlreadyExists/.test(error.detail))) throw error;
    });
  };

  const remove = (name: string, token: string): Promise<unknown> =>
    ask(() => client.send(new DeleteStackCommand({ StackName: name, ClientRequestToken: token, RoleARN })));

  const complain = async (stack: AwsStack): Promise<never> => {
    const { StackEvents = [] } = await ask(() =>
      client.send(new DescribeStackEventsCommand({ StackName: stack.StackId })),
    );
    throw failureOf(culpritOf(StackEvents) ?? stack.StackStatusReason ?? `${stack.StackStatus}, no reason given`);
  };

  return {
    async apply(spec, signal) {
      const template = await templateFor(spec);
      if (!template) throw tierUnavailable(spec.tier);
      // The template has one PostgreSQL.
      if ((spec.shards ?? 1) > 1) throw shardsUnavailable(spec.tier, spec.shards ?? 1);
      const name = stackPrefix + spec.name;
      const until = deadlineOf(signal);
      // What we started ourselves in this call: its failure is the answer, an older one is cleared away first.
      let started = false;
      let seen: string | undefined;
      for (let round = 1; round <= maxRounds; round += 1) {
        const stack = await atRest(name, until);
        seen = stack?.StackId ?? seen;
        const token = tokenOf(spec.requestToken, seen);
        const phase = phaseOf(stack?.StackStatus);
        if (started && stack && hasFailed(stack)) return complain(stack);
        if (started && stack && phase === 'standing') return toStack(spec.name, stack);
        if (!stack || phase === 'gone') {
          await create(name, spec, template, token);
          started = true;
        } else if (phase === 'wreck') {
          await remove(name, token);
        } else if (phase === 'stuck') {
          await ask(() =>
            client.send(new ContinueUpdateRollbackCommand({ StackName: name, ClientRequestToken: token, RoleARN })),
          );
        } else {
          const pause = () => delay(Math.min(pollMs, 1_000), undefined, { signal: until });
          const input = commonOf(name, spec, template, RoleARN);
          if (!(await updateByChangeSet(client, input, token, pause))) return toStack(spec.name, stack);
          started = true;
        }
      }
      throw notAtRest(name);
    },

    async describe(name) {
      const stack = await findStack(client, stackPrefix + name);
      return stack && phaseOf(stack.StackStatus) === 'standing' ? toStack(name, stack) : undefined;
    },

    async destroy(name, signal) {
      const until = deadlineOf(signal);
      const full = stackPrefix + name;
      let asked = false;
      // Once it is gone, its name is nobody's and its id answers for 90 days.
      let id: string | undefined;
      for (let round = 1; round <= maxRounds; round += 1) {
        const stack = await atRest(full, until, (seen) => {
          id = seen;
        });
        if (!stack || phaseOf(stack.StackStatus) === 'gone')
          return id === undefined ? undefined : removalOf(client, id);
        if (asked && stack.StackStatus === 'DELETE_FAILED') return complain(stack);
        await remove(full, tokenOf('destroy', `${stack.StackId}${round}`));
        asked = true;
      }
      throw notAtRest(full);
    },
  };
}

function commonOf(name: string, { tenantId, tier }: StackSpec, template: StackTemplate, RoleARN?: string) {
  return {
    StackName: name,
    TemplateURL: template.url,
    Parameters: Object.entries(template.parameters).map(([ParameterKey, ParameterValue]) => ({
      ParameterKey,
      ParameterValue,
    })),
    Tags: Object.entries({ 'kolate:tenant': tenantId, 'kolate:tier': tier }).map(([Key, Value]) => ({ Key, Value })),
    Capabilities: ['CAPABILITY_NAMED_IAM' as const],
    RoleARN,
  };
}

/** One request on one stack: asked again it is the same, on the stack's successor it is another. */
const tokenOf = (requestToken: string, stackId = ''): string =>
  `${requestToken.slice(0, 100)}-${createHash('sha256').update(stackId).digest('hex').slice(0, 12)}`;

const hasFailed = ({ StackStatus }: AwsStack): boolean =>
  phaseOf(StackStatus) === 'wreck' || phaseOf(StackStatus) === 'stuck' || StackStatus === 'UPDATE_ROLLBACK_COMPLETE';

const notAtRest = (name: string): KolateError =>
  new KolateError('KLT_STACK_STATE', `${name} does not come to rest`, {
    hint: 'look at the stack’s events in CloudFormation',
  });

/** When CloudFormation had finished with it. */
async function removalOf(client: CloudFormationClient, id: string): Promise<Removal> {
  const { DeletionTime = new Date() } = (await findStack(client, id)) ?? {};
  return { id, deletedAt: DeletionTime.toISOString() };
}

const tookTooLong = (name: string, status: string | undefined, cause: unknown): KolateError =>
  new KolateError('KLT_STEP_TIMED_OUT', `${name} is still ${status}`, {
    hint: 'CloudFormation goes on with it: retry the operation, which takes it up again',
    cause,
  });

function toStack(name: string, stack: AwsStack): Stack {
  const outputs = new Map((stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const tags = new Map((stack.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
  const tenantId = tags.get('kolate:tenant');
  const tier = tags.get('kolate:tier');
  const text = outputs.get('Endpoints');
  if (!tenantId || !tier || !text) {
    throw new KolateError('KLT_PROVISION_FAILED', `the stack ${stack.StackName} is not one of a tenant`);
  }
  const endpoints: StackEndpoints = JSON.parse(text);
  return { name, tenantId, tier, endpoints };
}
