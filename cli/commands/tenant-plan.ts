import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import type { Plan } from '../../src/contracts/http/operations';
import { createTenant, maxShards } from '../../src/contracts/http/tenants';
import type { PlannedCost, PlannedResource } from '../../src/contracts/tier-plan';
import type { Bind, Result } from '../bind';
import { failed } from '../cli-error';
import type { Context } from '../context';
import { wholeNumber } from '../options';
import { renderTable } from '../table';

type Options = { readonly tier: string; readonly shards?: number };

const examples = `
Nothing is made. With a slug it is also seen whether that is free.

Examples:
  $ kolate tenant plan --tier dedicated
  $ kolate tenant plan acme --tier dedicated --shards 4 --output json
  $ kolate tenant plan --tier shared-cell --env prod`;

export function addTenantPlan(tenant: Command, bind: Bind): void {
  tenant
    .command('plan [slug]')
    .description('show what onboarding would make, and its cost a month, before anything is made')
    .requiredOption('--tier <tier>', 'how it would be kept apart: pool, shared-cell, dedicated')
    .option('--shards <n>', 'so many PostgreSQL engines (tier dedicated)', wholeNumber(1, maxShards))
    .addHelpText('after', examples)
    .action(bind(plan));
}

async function plan(context: Context, [slug]: readonly string[], { tier, shards }: Options): Promise<Result> {
  const api = await context.operator();
  const { body } = await api.call(createTenant, {
    query: { dryRun: true },
    // The API plans a whole request: where there is no slug yet, one that nobody has, and an address that nobody reads.
    body: {
      ...{ slug: slug ?? `plan-${randomBytes(8).toString('hex')}`, name: slug ?? 'plan', tier },
      contact: 'nobody@kolate.invalid',
      ...(shards === undefined ? {} : { shards }),
    },
  });
  if (!('kind' in body)) throw failed('the API made a tenant where a plan was asked for');
  return { document: body, text: planText(body) };
}

/** What a plan would do, what that makes, and what that costs. */
export function planText({ steps, resources, cost }: Plan): string {
  const stepTable = renderTable(
    [
      ['step', (step) => step.name],
      ['command', (step) => step.command],
      ['undo', (step) => step.undo],
      ['timeout', (step) => `${step.timeoutMs} ms`],
    ],
    steps,
  );
  return [stepTable, resources && resourceTable(resources), cost && costText(cost)]
    .filter((part) => part !== undefined)
    .join('\n\n');
}

const resourceTable = (resources: readonly PlannedResource[]): string =>
  renderTable(
    [
      ['count', ({ count }) => count],
      ['what', ({ kind }) => kind],
      ['where', ({ where }) => where],
      ['USD a month', ({ usdPerMonth }) => usdPerMonth?.toFixed(2)],
      ['name', ({ name }) => name],
    ],
    resources,
  );

function costText({ usdPerMonth, region, priceDate, note }: PlannedCost): string {
  if (region === undefined) return note;
  return `USD ${usdPerMonth.toFixed(2)} a month, by the price list of ${region} of ${priceDate}\n${note}`;
}
