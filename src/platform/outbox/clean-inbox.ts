import type { Sql } from '../postgres/sql';

export type CleanInboxOptions = {
  readonly schema: string;
  /** Longer than any message can come again: the retention of the topics. */
  readonly olderThanMs: number;
  /** Rows of one statement; a clean-up takes several until it has caught up or `maxBatches` is reached. */
  readonly batchSize?: number;
  readonly maxBatches?: number;
};

/** Forgets messages seen long ago. @returns how many */
export async function cleanInbox(sql: Sql, options: CleanInboxOptions): Promise<number> {
  const { schema, olderThanMs, batchSize = 1_000, maxBatches = 50 } = options;
  let deleted = 0;
  for (let batch = 0; batch < maxBatches; batch++) {
    const { rowCount } = await sql.query(
      `delete from ${schema}.inbox where ctid = any (array(
         select ctid from ${schema}.inbox where seen_at < now() - $1 * interval '1 millisecond' limit $2))`,
      [olderThanMs, batchSize],
    );
    deleted += rowCount ?? 0;
    if ((rowCount ?? 0) < batchSize) break;
  }
  return deleted;
}
