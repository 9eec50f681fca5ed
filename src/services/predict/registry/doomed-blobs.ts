import type { TenantSql } from '../../../platform/postgres/sql';

/** How long an upload URL is good for. */
export const uploadSeconds = 15 * 60;
// Clocks differ a little; an upload may have begun just before its URL went out of date.
const graceSeconds = 60;

type Doomed = { blob_key: string; final: boolean };

/** Blobs that no version has any more, in the transaction of `sql`. */
export function createDoomedBlobs(sql: TenantSql) {
  return {
    /** Notes the blobs of a model's versions (of one, or of all) before these are deleted. */
    doom: (model: string, version?: string) => sql.run`
      insert into model.doomed_blob (blob_key, final_at)
      select blob_key, granted_at + ${uploadSeconds + graceSeconds} * interval '1 second' from model.version
      where model = ${model} and (version = ${version ?? null} or ${version === undefined})
      on conflict do nothing`,
    due: (limit: number) => sql.many<Doomed>`
      select blob_key, now() >= final_at as final from model.doomed_blob
      where retry_at <= now() order by retry_at limit ${limit}`,
    forget: (blobKey: string) => sql.run`delete from model.doomed_blob where blob_key = ${blobKey}`,
    /** Deleted for now; once more when its last upload URL is out of date. */
    again: (blobKey: string) => sql.run`
      update model.doomed_blob set retry_at = final_at, attempts = 0 where blob_key = ${blobKey}`,
    /** After a failure: 2, 4, 8 … seconds later, an hour at most. */
    later: (blobKey: string) => sql.run`
      update model.doomed_blob set attempts = attempts + 1,
        retry_at = now() + least(3600, 2 ^ least(attempts + 1, 12)) * interval '1 second'
      where blob_key = ${blobKey}`,
    /** When the next one is due; undefined when none is left. */
    async nextAt(): Promise<Date | undefined> {
      return (await sql.maybe<{ at: Date | null }>`select min(retry_at) as at from model.doomed_blob`)?.at ?? undefined;
    },
  };
}

export type DeleteBlob = (key: string) => Promise<void>;
const batchSize = 50;

/** Deletes what is due, one by one, until none is or one could not be deleted. @returns when to come again */
export async function sweepDoomedBlobs(sql: TenantSql, deleteBlob: DeleteBlob): Promise<Date | undefined> {
  const doomed = createDoomedBlobs(sql);
  for (let batch = await doomed.due(batchSize); batch.length > 0; batch = await doomed.due(batchSize)) {
    for (const { blob_key: key, final } of batch) {
      const deleted = await deleteBlob(key).then(
        () => true,
        () => false,
      );
      if (!deleted) await doomed.later(key);
      else if (final) await doomed.forget(key);
      else await doomed.again(key);
    }
  }
  return doomed.nextAt();
}
