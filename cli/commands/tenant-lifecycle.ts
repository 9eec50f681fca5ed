import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { Operation, OperationAccepted, Plan } from '../../src/contracts/http/operations';
import { changeTier, createTenant, deleteTenant, getTenant, maxShards } from '../../src/contracts/http/tenants';
import type { Bind, Result } from '../bind';
import { exitCodes, usageError } from '../cli-error';
import type { Context } from '../context';
import type { Api } from '../http-client';
import { timeoutOption, waitOption, wholeNumber } from '../options';
import { renderFields } from '../table';
import { revealAndKeep, tenantIdOf } from '../tenant-credentials';
import { waitForOperation } from '../wait';
import { operationText } from './operation-text';
import { planText } from './tenant-plan';

type Waiting = { readonly wait?: boolean; readonly timeout: number; readonly dryRun?: boolean };
type Creating = Waiting & { name?: string; tier: string; contact: string; shards?: number; idempotencyKey?: string };

/** Onboards a tenant to the end, and keeps the credentials of its client here. */
export async function onboardTenant(
  context: Context,
  tenant: { readonly slug: string; readonly name: string; readonly tier: string; readonly contact: string },
  { timeoutMs, idempotencyKey }: { readonly timeoutMs: number; readonly idempotencyKey?: string | undefined },
) {
  const api = await context.operator();
  const { body } = await api.call(createTenant, { body: tenant, ...(idempotencyKey ? { idempotencyKey } : {}) });
  const { operationId } = accepted(body);
  return finishOnboarding(context, api, operationId, timeoutMs);
}

/** Waits for an onboarding, then shows and keeps the credentials of the new client. */
export async function finishOnboarding(context: Context, api: Api, operationId: string, timeoutMs: number) {
  const operation = await waitForOperation(api, operationId, { timeoutMs, say: context.io.say });
  if (operation.status !== 'succeeded') return { operation };
  const { body: tenant } = await api.call(getTenant, { params: { tenantId: operation.tenantId } });
  const { store } = await context.connection();
  const kept = (await store.read()).tenants[tenant.slug];
  const { clientId, clientSecret } = kept?.id === tenant.id ? kept : await revealAndKeep(api, store, tenant);
  return { operation, tenant, client: { clientId, clientSecret } };
}

export function addTenantLifecycle(tenant: Command, bind: Bind): void {
  tenant
    .command('create <slug>')
    .description('onboard a tenant: its stores, its OAuth client')
    .option('--name <name>', 'what people call it (the slug when absent)')
    .option('--tier <tier>', 'how it is kept apart: pool, shared-cell, dedicated', 'pool')
    .requiredOption('--contact <email>', 'whom to write to')
    .option(
      '--shards <n>',
      'spread what is large over so many PostgreSQL engines (tier dedicated)',
      wholeNumber(1, maxShards),
    )
    .option('--idempotency-key <key>', 'the same key answers with the same operation')
    .option('--dry-run', 'show what would be done, and do nothing')
    .addOption(waitOption())
    .addOption(timeoutOption())
    .action(bind(create));
  tenant
    .command('change-tier <tenant> [tier]')
    .description('move it to another tier; it is paused while its data move')
    .option('--tier <tier>', 'where to: pool, shared-cell, dedicated')
    .option('--dry-run', 'show what would be done, and do nothing')
    .addOption(waitOption())
    .addOption(timeoutOption())
    .action(bind(move));
  tenant
    .command('delete <tenant>')
    .description('offboard it: export, purge every store, certificate')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'show what would be done, and do nothing')
    .addOption(waitOption())
    .addOption(timeoutOption())
    .action(bind(remove));
}

async function create(context: Context, [slug = '']: readonly string[], options: Creating): Promise<Result> {
  const api = await context.operator();
  const { body } = await api.call(createTenant, {
    query: { dryRun: options.dryRun },
    body: {
      ...{ slug, name: options.name ?? slug, tier: options.tier, contact: options.contact },
      ...(options.shards === undefined ? {} : { shards: options.shards }),
    },
    ...(options.idempotencyKey ? { idempotencyKey: options.idempotencyKey } : {}),
  });
  if (!options.wait || 'kind' in body) return started(context, api, body, options);
  const done = await finishOnboarding(context, api, body.operationId, options.timeout * 1_000);
  if (!done.tenant) return endedText(done.operation);
  const { tenant, client } = done;
  return {
    document: done,
    text: [
      renderFields({ tenant: tenant.slug, id: tenant.id, tier: tenant.tier, state: tenant.state, ...client }),
      '',
      'The secret is shown this once; it is also kept here for kolate token --tenant.',
    ].join('\n'),
  };
}

async function move(context: Context, [name = '', to]: readonly string[], options: Waiting & { tier?: string }) {
  const tier = to ?? options.tier;
  if (!tier) throw usageError('to which tier?', `kolate tenant change-tier ${name} dedicated, or pool`);
  if (options.tier && options.tier !== tier) throw usageError(`two tiers: ${tier} and ${options.tier}`);
  const api = await context.operator();
  const params = { tenantId: await tenantIdOf(api, name) };
  const { body } = await api.call(changeTier, {
    params,
    query: { dryRun: options.dryRun },
    body: { tier },
  });
  return started(context, api, body, options);
}

async function remove(context: Context, [name = '']: readonly string[], options: Waiting & { yes?: boolean }) {
  const api = await context.operator();
  const params = { tenantId: await tenantIdOf(api, name) };
  if (!options.yes && !options.dryRun) await confirm(context, name);
  const { body } = await api.call(deleteTenant, { params, query: { dryRun: options.dryRun } });
  const { store } = await context.connection();
  if (!options.dryRun) await store.forgetTenant(name);
  return started(context, api, body, options);
}

/** Asks at a terminal; a script has said what it wants. */
async function confirm({ io }: Context, name: string): Promise<void> {
  if (!io.stdin.isTTY || !io.isTerminal) return;
  const prompt = createInterface({ input: io.stdin, output: process.stderr });
  const answer = await prompt.question(`Export and purge everything of ${name}? Type its name to go on: `);
  prompt.close();
  if (answer.trim() !== name) throw usageError('nothing was deleted', '--yes does not ask');
}

const accepted = (body: OperationAccepted | Plan): OperationAccepted => {
  if ('operationId' in body) return body;
  throw usageError('the API answered a plan where an operation was asked for');
};

async function started(
  { io }: Context,
  api: Api,
  body: OperationAccepted | Plan,
  { wait, timeout }: Waiting,
): Promise<Result> {
  if ('kind' in body) return { document: body, text: planText(body) };
  if (wait)
    return endedText(await waitForOperation(api, body.operationId, { timeoutMs: timeout * 1_000, say: io.say }));
  const text = `${renderFields({ ...body })}\n\nkolate operation watch ${body.operationId}`;
  return { document: body, text };
}

const endedText = (operation: Operation): Result => ({
  document: operation,
  text: operationText(operation),
  exitCode: operation.status === 'succeeded' ? exitCodes.ok : exitCodes.failed,
});
