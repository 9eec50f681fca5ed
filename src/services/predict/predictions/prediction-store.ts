import { KolateError } from '../../../contracts/errors';
import type { SpreadListSource } from '../../../platform/http/list-query';
import type { TenantSql } from '../../../platform/postgres/sql';

const columns = {
  id: 'p.id',
  model: 'p.model',
  version: 'p.version',
  requestId: 'p.request_id',
  // As text: the client would read numbers as doubles, and 64-bit integers have to stay exact.
  inputs: 'p.inputs::text',
  inputsSha256: 'p.inputs_sha256',
  outputs: 'p.outputs::text',
  rows: 'p.rows',
  latencyMs: 'p.latency_ms',
  at: 'p.at',
};
const selected = Object.entries(columns)
  .map(([field, column]) => `${column} as "${field}"`)
  .join(', ');

export const predictionList: SpreadListSource = {
  sortsAsText: true,
  from: 'prediction.prediction p',
  columns,
  filterable: ['model', 'version'],
  sortable: ['id'],
  // Ids are of version 7, in the order of time: the newest first.
  defaultSort: '-id',
  id: 'p.id',
};

/** Where a consumer stands in a partition, moved together with what it stored. */
export type Position = { readonly consumer: string; readonly topic: string; readonly partition: number };
/** `json` is the data of a `prediction.completed`, as it came. */
export type StoredRecord = { readonly offset: number; readonly json: string };

/**
 * How the id of a prediction is written where it says which shard has it. A UUID may come in capitals, and is the same one.
 */
export const shardKey = (id: string): string => id.toLowerCase();

/** The predictions of one tenant, of one of its shards. */
export function createPredictionStore(sql: TenantSql) {
  return {
    /**
     * Stores those of `records` (of one partition, in its order) that are new, and moves the position behind the last, in
     * one statement: all of it or nothing. A record behind the position, or with an id that is there, has been stored before.
     * @returns how many were new
     */
    async add({ consumer, topic, partition }: Position, records: readonly StoredRecord[]): Promise<number> {
      const last = records.at(-1);
      if (!last) return 0;
      const { rows } = await sql.query<{ added: number }>(
        `with known as (
           select next_offset from prediction.consumer_offset
           where consumer = $1 and topic = $2 and partition = $3 for update),
         moved as (
           insert into prediction.consumer_offset (consumer, topic, partition, next_offset) values ($1, $2, $3, $4)
           on conflict (consumer, topic, partition)
           do update set next_offset = greatest(consumer_offset.next_offset, excluded.next_offset)),
         added as (
           insert into prediction.prediction
             (id, model, version, request_id, inputs, inputs_sha256, outputs, rows, latency_ms, at)
           select id, model, version, "requestId", inputs, "inputsSha256", outputs, rows, "latencyMs", at
           from rows from (
             json_to_recordset($5::json) as (id uuid, model text, version text, "requestId" text, inputs json,
               "inputsSha256" text, outputs json, rows int, "latencyMs" float8, at timestamptz),
             unnest($6::bigint[])) as t (id, model, version, "requestId", inputs, "inputsSha256", outputs, rows, "latencyMs", at, at_offset)
           where at_offset >= coalesce((select next_offset from known), 0)
           on conflict (id) do nothing
           returning 1)
         select count(*)::int as added from added`,
        [
          consumer,
          topic,
          partition,
          last.offset + 1,
          `[${records.map(({ json }) => json).join(',')}]`,
          records.map(({ offset }) => offset),
        ],
        'prediction_add',
      );
      return rows[0]?.added ?? 0;
    },

    /** @throws KolateError KLT_PREDICTION_NOT_FOUND */
    async read(id: string): Promise<Record<string, unknown>> {
      const { rows } = await sql.query<Record<string, unknown>>(
        `select ${selected} from prediction.prediction p where p.id = $1`,
        [id],
      );
      if (!rows[0]) {
        throw new KolateError('KLT_PREDICTION_NOT_FOUND', `there is no prediction ${id}`, {
          hint: 'a prediction can be read once its record has been stored, mostly within a second',
        });
      }
      return rows[0];
    },
  };
}
