import { KolateError } from '../../../contracts/errors';
import type { Lane, ModelSettings, ModelSignature, Rejection, VersionState } from '../../../contracts/http/models';
import type { TenantSql } from '../../../platform/postgres/sql';

type Row = {
  settings: Required<ModelSettings>;
  id: string | null;
  version: string | null;
  state: VersionState | null;
  sha256: string;
  sizeBytes: number;
  blobKey: string;
  lane: Lane;
  signature: ModelSignature;
  rejection: Rejection | null;
  quarantineReason: string | null;
};
export type ReadyVersion = Row & { readonly id: string; readonly version: string };

const text = `with target as (
    select case when $2::text is null then coalesce(
        (select version from model.alias where model = $1 and alias = 'default'),
        (select version from model.version where model = $1 and state = 'ready' order by ready_at desc, id desc limit 1))
      else coalesce(
        (select version from model.version where model = $1 and version = $2),
        (select version from model.alias where model = $1 and alias = $2)) end as version)
  select m.settings, v.id, v.version, v.state, v.sha256, v.size_bytes as "sizeBytes", v.blob_key as "blobKey",
    v.lane, v.signature, v.rejection, v.quarantine_reason as "quarantineReason"
  from model.model m left join target on true left join model.version v on v.model = m.name and v.version = target.version
  where m.name = $1`;

/**
 * The version that a request means. `reference` is a version or an alias; without one it is what the alias `default` points
 * to, else the newest that is ready.
 * @throws KolateError KLT_MODEL_NOT_FOUND, KLT_MODEL_NOT_READY, KLT_MODEL_REJECTED, KLT_MODEL_QUARANTINED
 */
export async function findServed(sql: TenantSql, model: string, reference: string | undefined): Promise<ReadyVersion> {
  const { rows } = await sql.query<Row>(text, [model, reference ?? null], 'catalogue_resolve');
  const [row] = rows;
  if (!row) throw new KolateError('KLT_MODEL_NOT_FOUND', `there is no model ${model}`);
  const { id, version } = row;
  if (id === null || version === null) {
    if (reference === undefined) throw notReady(`model ${model} has no version that is ready`);
    throw new KolateError('KLT_MODEL_NOT_FOUND', `model ${model} has no version and no alias ${reference}`);
  }
  if (row.state === 'rejected') {
    throw new KolateError('KLT_MODEL_REJECTED', `version ${version} was rejected: ${row.rejection?.detail}`, {
      hint: 'upload a corrected file as a new version',
    });
  }
  if (row.state !== 'ready') throw notReady(`version ${version} is ${row.state}`);
  if (row.quarantineReason !== null) {
    throw new KolateError('KLT_MODEL_QUARANTINED', `the model was taken out of service: ${row.quarantineReason}`, {
      hint: 'correct the model and upload it as a new version',
    });
  }
  return { ...row, id, version };
}

const notReady = (detail: string): KolateError =>
  new KolateError('KLT_MODEL_NOT_READY', detail, { retryAfterSeconds: 2 });
