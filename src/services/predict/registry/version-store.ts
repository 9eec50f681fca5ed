import { KolateError } from '../../../contracts/errors';
import type { Lane, ModelSignature, ModelVersion, Rejection, VersionState } from '../../../contracts/http/models';
import type { ListSource } from '../../../platform/http/list-query';
import { isUniqueViolation, type TenantSql } from '../../../platform/postgres/sql';

export type VersionRow = Omit<ModelVersion, 'createdAt' | 'readyAt'> & { createdAt: Date; readyAt?: Date };
export type NewVersion = {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly blobKey: string;
};
/** What the upload and its check need to know. */
export type Announced = Omit<NewVersion, 'model' | 'version'> & {
  readonly state: VersionState;
  readonly createdAt: Date;
};
export type Outcome =
  | { readonly state: 'ready'; readonly lane: Lane; readonly signature: ModelSignature }
  | { readonly state: 'rejected'; readonly rejection: Rejection };

// A version that serving took out of service shows why in the place of a rejection; its state stays, since it is immutable.
const rejection = `coalesce(v.rejection, case when v.quarantine_reason is not null then
  jsonb_build_object('code', 'quarantined', 'detail', v.quarantine_reason,
    'hint', 'correct the model and upload it as a new version') end)`;

const columns = {
  model: 'v.model',
  version: 'v.version',
  state: 'v.state',
  sha256: 'v.sha256',
  sizeBytes: 'v.size_bytes',
  lane: 'v.lane',
  signature: 'v.signature',
  rejection,
  createdAt: 'v.created_at',
  readyAt: 'v.ready_at',
};
const selected = Object.entries(columns)
  .map(([field, column]) => `${column} as "${field}"`)
  .join(', ');

export const versionList = (model: string): ListSource => ({
  from: 'model.version v',
  columns,
  filterable: ['state', 'version', 'sha256'],
  sortable: ['createdAt', 'version'],
  defaultSort: '-createdAt',
  id: 'v.version',
  where: { text: 'v.model = $1', values: [model] },
});

/** What has no value yet is left out of an answer, not shown as null. */
export const withoutNulls = <T extends object>(row: T): T =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as T;

export const versionNotFound = (model: string, version: string): KolateError =>
  new KolateError('KLT_MODEL_NOT_FOUND', `model ${model} has no version ${version}`);

const foreignKeyViolation = '23503';
const isForeignKeyViolation = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === foreignKeyViolation;

/** The versions of one tenant's models, in the transaction of `sql`. */
export function createVersionStore(sql: TenantSql) {
  return {
    /** @throws KolateError KLT_MODEL_NOT_FOUND */
    async read(model: string, version: string): Promise<VersionRow> {
      const { rows } = await sql.query<VersionRow>(
        `select ${selected} from model.version v where v.model = $1 and v.version = $2`,
        [model, version],
      );
      if (!rows[0]) throw versionNotFound(model, version);
      return withoutNulls(rows[0]);
    },
    /** Locks the row. */
    announced: (model: string, version: string) => sql.maybe<Announced>`
      select id, sha256, size_bytes as "sizeBytes", blob_key as "blobKey", state, created_at as "createdAt"
      from model.version where model = ${model} and version = ${version} for update`,
    /** The next number that no version has and none had before. The model has to be locked. */
    async nextName(model: string): Promise<string> {
      const { name } = await sql.one<{ name: string }>`
        with next as (
          select n from model.model m,
            generate_series(m.next_version, m.next_version + (select count(*)::int from model.version where model = ${model})) as n
          where m.name = ${model}
            and not exists (select from model.version v where v.model = ${model} and v.version = n::text)
            and not exists (select from model.alias a where a.model = ${model} and a.alias = n::text)
          order by n limit 1)
        update model.model set next_version = next.n + 1 from next where name = ${model} returning next.n::text as name`;
      return name;
    },
    /** @throws KolateError KLT_MODEL_VERSION_EXISTS */
    async insert({ id, model, version, sha256, sizeBytes, blobKey }: NewVersion): Promise<void> {
      const alias = await sql.maybe`select from model.alias where model = ${model} and alias = ${version}`;
      if (alias) throw new KolateError('KLT_MODEL_VERSION_EXISTS', `${version} is an alias of model ${model}`);
      try {
        await sql.run`insert into model.version (id, model, version, sha256, size_bytes, blob_key)
          values (${id}, ${model}, ${version}, ${sha256}, ${sizeBytes}, ${blobKey})`;
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        throw new KolateError(
          'KLT_MODEL_VERSION_EXISTS',
          `model ${model} has a version ${version}; versions do not change`,
        );
      }
    },
    /** Another upload URL is given out: its time is what `doom` counts from. */
    touch: (id: string) => sql.run`update model.version set granted_at = now() where id = ${id}`,
    startValidation: (id: string) => sql.run`update model.version set state = 'validating' where id = ${id}`,
    /** @returns false when the version is no longer there, or no longer being validated */
    async finish(id: string, outcome: Outcome): Promise<boolean> {
      const ready = outcome.state === 'ready' ? outcome : undefined;
      const refusal = outcome.state === 'rejected' ? JSON.stringify(outcome.rejection) : null;
      const touched = await sql.run`update model.version set state = ${outcome.state}, claimed_until = null,
          lane = ${ready?.lane ?? null}, signature = ${ready ? JSON.stringify(ready.signature) : null},
          rejection = ${refusal}, ready_at = case when ${ready !== undefined} then clock_timestamp() end
        where id = ${id} and state = 'validating'`;
      return touched === 1;
    },
    /** @throws KolateError KLT_MODEL_NOT_FOUND, KLT_MODEL_IN_USE */
    async remove(model: string, version: string): Promise<void> {
      try {
        const touched = await sql.run`delete from model.version where model = ${model} and version = ${version}`;
        if (touched === 0) throw versionNotFound(model, version);
      } catch (error) {
        if (!isForeignKeyViolation(error)) throw error;
        const hint = 'move or delete the alias first';
        throw new KolateError('KLT_MODEL_IN_USE', `an alias of model ${model} points to version ${version}`, { hint });
      }
    },
  };
}
