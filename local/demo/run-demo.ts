import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CliError } from '../../cli/cli-error';
import { finishOnboarding, onboardTenant } from '../../cli/commands/tenant-lifecycle';
import { type Context, createContext } from '../../cli/context';
import type { Api } from '../../cli/http-client';
import { predict } from '../../cli/predict';
import { predictionTable } from '../../cli/prediction-table';
import { pushModel } from '../../cli/push-model';
import { tenantBySlug } from '../../cli/tenant-credentials';
import { listOperations, retryOperation } from '../../src/contracts/http/operations';
import { firstRows, readSample, rowsAsExpected, type Sample, samplesDir } from './demo-samples';

const parts = [
  { slug: 'demo-pool', tier: 'pool', model: 'penguin-species', what: 'a database of its own in the shared engines' },
  { slug: 'demo-dedicated', tier: 'dedicated', model: 'iris-classifier', what: 'engines of its own' },
] as const;
type Part = (typeof parts)[number];

export type DemoOptions = {
  readonly homeDir: string;
  /** For the commands that are shown. */
  readonly homeFlag: string;
  /** Of the clone, where the sample models are. */
  readonly root: string;
  readonly step: <T>(title: string, act: () => Promise<T>) => Promise<T>;
};

const timeoutMs = 300_000;
const shownRows = 3;

/**
 * Onboards a tenant of each tier, pushes a model for each and predicts, as the command line does it. Takes up what an
 * earlier try has done. Answers what people read.
 */
export async function runDemo({ homeDir, homeFlag, root, step }: DemoOptions): Promise<string> {
  const context = createContext({ home: homeDir }, silentIo);
  const all = await Promise.all(
    parts.map(async (part) => {
      const sample = await readSample(root, part.model);
      await step(`demo: tenant ${part.slug} onboarded, tier ${part.tier}`, () => ensureTenant(context, part));
      const { version, alias } = await step(`demo: model ${part.model} pushed`, async () =>
        pushModel(
          await context.tenant(part.slug),
          {
            file: join(samplesDir(root), `${part.model}.onnx`),
            model: part.model,
            version: '1',
            alias: 'default',
            description: sample.title,
          },
          { timeoutMs },
        ),
      );
      const shown = await show(context, part, sample, `${version.version} (alias ${alias?.alias})`);
      return `${shown}${homeFlag}`;
    }),
  );
  return all.join('\n\n');
}

const silentIo = {
  env: {},
  stdin: Readable.from([]),
  say: () => undefined,
  write: () => undefined,
  isTerminal: false,
};

/** The tenant, active; one whose onboarding is under way is waited for. */
async function ensureTenant(context: Context, { slug, tier }: Part): Promise<void> {
  const api = await context.operator();
  const there = await tenantBySlug(api, slug).catch((error: unknown) => {
    if (error instanceof CliError && error.problem.code === 'KLT_TENANT_NOT_FOUND') return undefined;
    throw error;
  });
  if (there?.state === 'active') return;
  const contact = `${slug}@kolate.example`;
  const operationId = there && (there.currentOperationId ?? (await retryLast(api, there.id)));
  const { operation } = operationId
    ? await finishOnboarding(context, api, operationId, timeoutMs)
    : await onboardTenant(context, { slug, tier, contact, name: `Demo, tier ${tier}` }, { timeoutMs });
  if (operation.status === 'succeeded') return;
  throw new Error(`onboarding ${slug} ${operation.status}: ${operation.cause?.detail} (operation ${operation.id})`);
}

/** Runs the operation again that failed in an earlier start. */
async function retryLast(api: Api, tenantId: string): Promise<string | undefined> {
  const { body } = await api.call(listOperations, { query: { filter: `tenantId:${tenantId}`, limit: 1 } });
  const [last] = body.items;
  if (last?.id === undefined) return undefined;
  if (last.status === 'failed') await api.call(retryOperation, { params: { operationId: last.id } });
  return last.id;
}

async function show(context: Context, { slug, tier, model, what }: Part, sample: Sample, version: string) {
  const api = await context.tenant(slug);
  const all = await predict(api, { model, data: JSON.stringify({ inputs: sample.test.inputs }) });
  const rows = firstRows(sample, shownRows);
  const few = await predict(api, { model, data: JSON.stringify(rows) });
  const fitting = rowsAsExpected(sample, all.outputs);
  return `${slug}, tier ${tier}: ${what}
  ${sample.title} ${sample.story}
  ${model} ${version} answers ${fitting} of ${sample.test.rows} held-out rows as ${sample.framework.name} does; the first ${shownRows}:

${predictionTable(few.outputs).replaceAll(/^/gm, '    ')}

  echo '${JSON.stringify(rows.slice(0, 1))}' |
    npx kolate predict --tenant ${slug} --model ${model} --data -`;
}
