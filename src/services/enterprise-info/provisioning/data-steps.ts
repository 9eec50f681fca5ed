import { KolateError } from '../../../contracts/errors';
import type { BlobStore } from '../../../platform/storage/create-blob-store';
import { postgresOf } from '../../../platform/tenancy/placement';
import { digestOf, withDigests } from './data/export-digests';
import type { LineBlobs } from './data/line-blobs';
import { foldShards } from './data/shard-counts';
import { type Counts, differences, type Manifest, manifestKey } from './data/tenant-data';
import { type Output, type StepContext, slow } from './step';
import { remembered } from './step-memo';
import { findPlacement, requirePlacement, type StoresDeps, withData } from './stores-deps';
import { moveTenant, restoringEvent, takeBack } from './tenant-moves';

/** Steps that carry a tenant's data out, over and away. */
export function createDataSteps(deps: StoresDeps) {
  return { ...exporting(deps), ...purging(deps), ...importing(deps), ...givingUp(deps) };
}

const exportPrefix = ({ tenantId, sagaId, input }: StepContext): string =>
  `${input.toTier === undefined ? 'offboardings' : 'tier-changes'}/${tenantId}/${sagaId}`;

/** Where predict keeps the model files of a tenant. */
const modelPrefix = ({ tenantId }: StepContext): string => `models/${tenantId}/`;

const done = async (): Promise<Output> => ({});

function exporting(deps: StoresDeps) {
  const { exports } = deps;
  return {
    'stores.export': slow(async (context) => {
      const prefix = exportPrefix(context);
      await exports.deletePrefix(`${prefix}/`);
      const placement = await findPlacement(deps, context);
      // A tenant that never got as far as having stores has nothing to take along.
      const { blobs, sha256 } = withDigests(exports);
      const manifest = placement && (await withData(deps, placement, (data) => fencedExport(data, blobs, prefix)));
      const files = context.input.toTier === undefined ? await copyModels(deps, context, prefix) : undefined;
      const counts: Counts = { ...manifest?.counts, ...(files === undefined ? {} : { 'models:files': files }) };
      const text = JSON.stringify({ ...manifest, counts, sha256 });
      await exports.put(manifestKey(prefix), text, 'application/json');
      const described = { key: manifestKey(prefix), sha256: digestOf(text) };
      return async () => ({ bucket: exports.bucket, prefix, manifest: described, counts });
    }),
    'stores.discard_export': slow(async (context) => {
      await exports.deletePrefix(`${exportPrefix(context)}/`);
      return done;
    }),
    'tenancy.certify': slow(async (context) => {
      const { tenantId, input, outputs } = context;
      const certificate = {
        ...{ tenantId, slug: input.slug },
        export: outputs.export,
        before: outputs.purge?.before,
        after: outputs.purge?.after,
        ...outputs.destroy,
        issuedAt: new Date().toISOString(),
      };
      await exports.put(`certificates/${tenantId}.json`, JSON.stringify(certificate, null, 2), 'application/json');
      return async () => certificate;
    }),
  };
}

type Exported = { fence(): Promise<void>; exportTo(blobs: LineBlobs, prefix: string): Promise<Manifest> };

/** Nothing is written any more from before the first row is read: a write that came too late would be lost unseen. */
async function fencedExport(data: Exported, blobs: LineBlobs, prefix: string): Promise<Manifest> {
  await data.fence();
  return data.exportTo(blobs, prefix);
}

async function copyModels({ exports, models }: StoresDeps, context: StepContext, prefix: string): Promise<number> {
  const from = modelPrefix(context);
  let files = 0;
  for await (const page of models.pages(from)) {
    for (const { key } of page) {
      if (await exports.copyFrom({ bucket: models.bucket, key }, `${prefix}/models/${key.slice(from.length)}`))
        files += 1;
    }
  }
  return files;
}

function purging(deps: StoresDeps) {
  const { core, models } = deps;
  const countAll = async (context: StepContext): Promise<Counts> => {
    const placement = await findPlacement(deps, context);
    const counts = placement ? await withData(deps, placement, (data) => data.count()) : {};
    return { ...counts, 'models:files': await models.count(modelPrefix(context)) };
  };
  return {
    'stores.purge': slow(async (context) => {
      await core.transaction((sql) => moveTenant(sql, context, { event: 'purge', to: 'deprovisioning' }));
      const before = await remembered(core.sql, context, () => countAll(context));
      const placement = await findPlacement(deps, context);
      if (placement) {
        await withData(deps, placement, async (data) => {
          await data.release();
          await data.purge();
        });
      }
      await models.purgePrefix(modelPrefix(context));
      const found = await countAll(context);
      const after = Object.fromEntries(Object.keys({ ...before, ...found }).map((what) => [what, found[what] ?? 0]));
      const left = Object.entries(after).filter(([, count]) => count > 0);
      if (left.length > 0) {
        const what = left.map(([name, count]) => `${count} of ${name}`).join(', ');
        throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', `something was written while it was purged: ${what}`);
      }
      return async () => ({ before, after });
    }),
  };
}

function importing(deps: StoresDeps) {
  const { exports } = deps;
  return {
    'stores.import_target': slow(async (context) => {
      const prefix = exportPrefix(context);
      const manifest = await readManifest(exports, prefix);
      const target = await requirePlacement(deps, context, 'target');
      const counts = await withData(deps, target, (data) => data.importFrom(exports, prefix, manifest));
      const merged = (manifest.shards ?? 1) !== postgresOf(target.endpoints).length;
      const wrong = merged
        ? differences(foldShards(manifest.counts), foldShards(counts))
        : differences(manifest.counts, counts);
      if (wrong.length > 0) {
        throw new KolateError(
          'KLT_PROVISION_FAILED',
          `the new stores do not hold what was exported: ${wrong.join(', ')}`,
        );
      }
      return async () => ({ counts });
    }),
  };
}

async function readManifest(exports: BlobStore, prefix: string): Promise<Manifest> {
  const bytes = await exports.get(manifestKey(prefix));
  if (!bytes) throw new KolateError('KLT_PROVISION_FAILED', `there is no export at ${prefix}`);
  const manifest: Manifest = JSON.parse(Buffer.from(bytes).toString());
  return manifest;
}

/** The tenant is as it was: its stores take writes again, and then its requests are served. */
function givingUp(deps: StoresDeps) {
  const reopen = async (context: StepContext): Promise<void> => {
    const placement = await findPlacement(deps, context);
    if (placement) await withData(deps, placement, (data) => data.release());
  };
  return {
    'tenancy.abandon_tier_change': slow(async (context) => {
      await reopen(context);
      return async (sql) => {
        await takeBack(sql, context, 'end_tier_change');
        return {};
      };
    }),
    'tenancy.abandon_offboarding': slow(async (context) => {
      await reopen(context);
      return async (sql) => {
        await takeBack(sql, context, await restoringEvent(sql, context.tenantId));
        return {};
      };
    }),
  };
}
