import { createHash } from 'node:crypto';
import { KolateError } from '../../../contracts/errors';
import type { Postgres } from '../../../platform/postgres/create-postgres';
import type { BlobStore } from '../../../platform/storage/create-blob-store';
import type { ModelResolver, ResolvedModel } from '../inference/resolved-model';
import { findServed, type ReadyVersion } from './resolve-query';

export type CatalogueOptions = {
  /** @throws KolateError as `tenancy.open` does */
  readonly openDatabase: (tenantId: string) => Promise<Postgres<'tenant'>>;
  readonly blobs: Pick<BlobStore, 'get'>;
  readonly maxEntries?: number;
  /** How long "there is none" is answered from memory. */
  readonly negativeMs?: number;
  readonly now?: () => number;
};

export type Catalogue = {
  readonly resolve: ModelResolver;
  /** What is known of the model may have changed. */
  forgetModel(tenantId: string, model: string): void;
  forgetTenant(tenantId: string): void;
  forgetAll(): void;
  readonly stats: () => { readonly entries: number; readonly loads: number };
};

type Entry =
  | { readonly model: ResolvedModel; used: boolean }
  | { readonly error: KolateError; readonly until: number; used: boolean };
type Flight = { readonly promise: Promise<ResolvedModel>; stale: boolean };

/** The parts cannot hold a slash; no reference is the empty one. */
const keyOf = (tenantId: string, model: string, reference: string): string => `${tenantId}/${model}/${reference}`;

const memorable: ReadonlySet<string> = new Set([
  'KLT_MODEL_NOT_FOUND',
  'KLT_MODEL_NOT_READY',
  'KLT_MODEL_QUARANTINED',
  'KLT_TENANT_NOT_FOUND',
  'KLT_TENANT_INACTIVE',
]);

/**
 * Which version a request means, from memory when it has been asked before: bounded, one load at a time for each question.
 * It knows nothing of changes by itself: whoever hears of one says so by `forget…`.
 */
export function createCatalogue(options: CatalogueOptions): Catalogue {
  const { openDatabase, blobs, maxEntries = 10_000, negativeMs = 500, now = () => performance.now() } = options;
  const entries = new Map<string, Entry>();
  const flights = new Map<string, Flight>();
  const hot = createHotIndex();
  let loads = 0;

  function resolve(tenantId: string, model: string, reference?: string): ResolvedModel | Promise<ResolvedModel> {
    return hot.get(tenantId, model, reference) ?? find(tenantId, model, reference);
  }

  function find(tenantId: string, model: string, reference?: string): ResolvedModel | Promise<ResolvedModel> {
    const key = keyOf(tenantId, model, reference ?? '');
    const entry = entries.get(key);
    if (entry) {
      entry.used = true;
      if ('model' in entry) {
        hot.set(tenantId, model, reference, entry.model);
        return entry.model;
      }
      if (entry.until > now()) return rejected(entry.error);
      entries.delete(key);
    }
    return (flights.get(key) ?? depart(key, tenantId, model, reference)).promise;
  }

  function depart(key: string, tenantId: string, model: string, reference: string | undefined): Flight {
    const flight: Flight = { promise: load(tenantId, model, reference), stale: false };
    flights.set(key, flight);
    flight.promise.then(
      (resolved) => arrive(key, flight, { model: resolved, used: false }),
      (error: unknown) => {
        const known = error instanceof KolateError && memorable.has(error.code) ? error : undefined;
        arrive(key, flight, known && { error: known, until: now() + negativeMs, used: false });
      },
    );
    return flight;
  }

  async function load(tenantId: string, model: string, reference: string | undefined): Promise<ResolvedModel> {
    loads++;
    const { sql } = await openDatabase(tenantId);
    return toResolved(tenantId, model, await findServed(sql, model, reference), blobs);
  }

  function arrive(key: string, flight: Flight, entry: Entry | undefined): void {
    // Something changed while it was under way: it is right for those who had asked before, and for nobody after.
    if (flight.stale) return;
    flights.delete(key);
    if (!entry) return;
    if (entries.size >= maxEntries) {
      hot.clear();
      makeRoom(entries);
    }
    entries.set(key, entry);
  }

  function forget(prefix: string): void {
    hot.clear();
    for (const key of entries.keys()) if (key.startsWith(prefix)) entries.delete(key);
    for (const [key, flight] of flights) {
      if (!key.startsWith(prefix)) continue;
      flight.stale = true;
      flights.delete(key);
    }
  }

  return {
    resolve,
    forgetModel: (tenantId, model) => forget(keyOf(tenantId, model, '')),
    forgetTenant: (tenantId) => forget(`${tenantId}/`),
    forgetAll: () => forget(''),
    stats: () => ({ entries: entries.size, loads }),
  };
}

/**
 * Finds what is asked for again and again without making a key for it: callers who pass the same strings have them looked up by
 * hashes that are known. It is only ever filled from the entries, and emptied whenever one of them goes.
 */
function createHotIndex() {
  const tenants = new Map<string, Map<string, Map<string, ResolvedModel>>>();
  return {
    get: (tenantId: string, model: string, reference = ''): ResolvedModel | undefined =>
      tenants.get(tenantId)?.get(model)?.get(reference),
    set(tenantId: string, model: string, reference = '', resolved: ResolvedModel): void {
      const models = tenants.get(tenantId) ?? new Map<string, Map<string, ResolvedModel>>();
      const references = models.get(model) ?? new Map<string, ResolvedModel>();
      tenants.set(tenantId, models.set(model, references.set(reference, resolved)));
    },
    clear: (): void => tenants.clear(),
  };
}

/** Nobody may be waiting for it: that must not end the process. */
function rejected(error: KolateError): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(() => undefined);
  return promise;
}

/** Second chance: the oldest goes that has not been used since it was last looked at. */
function makeRoom(entries: Map<string, Entry>): void {
  for (const [key, entry] of entries) {
    entries.delete(key);
    if (!entry.used) return;
    entry.used = false;
    entries.set(key, entry);
  }
}

const toResolved = (
  tenantId: string,
  model: string,
  { version, signature, lane, sizeBytes, settings, blobKey, sha256 }: ReadyVersion,
  blobs: Pick<BlobStore, 'get'>,
): ResolvedModel => ({
  tenantId,
  model,
  version,
  signature,
  lane,
  sizeBytes,
  settings,
  loadBytes: () => readFile(blobs, blobKey, sha256),
});

async function readFile(blobs: Pick<BlobStore, 'get'>, key: string, sha256: string): Promise<Uint8Array> {
  const bytes = await blobs.get(key);
  if (!bytes) throw new KolateError('KLT_MODEL_NOT_READY', 'the file of the model is gone', { retryAfterSeconds: 2 });
  if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes;
  throw new KolateError('KLT_INTERNAL', 'the file of the model is not the one that was validated');
}
