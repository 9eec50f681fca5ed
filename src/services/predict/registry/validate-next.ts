import { modelVersionReady, modelVersionRejected } from '../../../contracts/events/predict-events';
import type { Logger } from '../../../platform/logging/create-logger';
import type { BlobStore } from '../../../platform/storage/create-blob-store';
import type { Validation } from '../validation/validate-model';
import { readUpload } from './read-upload';
import { factWriter, type TenantDatabase } from './registry-deps';
import { createVersionStore, type Outcome } from './version-store';

/** Reads and tries a model file in a process of its own. */
export type Validate = (file: Uint8Array) => Promise<Validation>;

export type ValidateDeps = {
  readonly blobs: Pick<BlobStore, 'stream'>;
  readonly validate: Validate;
  readonly log: Logger;
};

type Claimed = {
  id: string;
  model: string;
  version: string;
  sha256: string;
  sizeBytes: number;
  blobKey: string;
  attempts: number;
};

const leaseMs = 20_000;
const maxAttempts = 3;

/**
 * Claims the oldest version of the tenant that waits for validation. `waitUntil`: there is none now, but one is claimed until
 * then by somebody who may have died.
 */
export async function claimNext({ sql }: TenantDatabase): Promise<Claimed | { readonly waitUntil?: Date }> {
  const claimed = await sql.maybe<Claimed>`
    update model.version set claimed_until = now() + ${leaseMs} * interval '1 millisecond',
      validation_attempts = validation_attempts + 1
    where id = (select id from model.version
      where state = 'validating' and (claimed_until is null or claimed_until < now())
      order by created_at limit 1 for update skip locked)
    returning id, model, version, sha256, size_bytes as "sizeBytes", blob_key as "blobKey", validation_attempts as attempts`;
  if (claimed) return claimed;
  const row = await sql.maybe<{ at: Date | null }>`
    select min(claimed_until) as at from model.version where state = 'validating'`;
  return row?.at ? { waitUntil: row.at } : {};
}

export const isClaimed = (result: Awaited<ReturnType<typeof claimNext>>): result is Claimed => 'id' in result;

/**
 * Validates a claimed version, keeping its claim alive, and writes the outcome and its fact in one transaction. When a
 * dependency fails the claim is given back, and the version is validated again.
 */
export async function validateClaimed(
  deps: ValidateDeps,
  tenantId: string,
  database: TenantDatabase,
  claimed: Claimed,
) {
  const { sql } = database;
  const renewal = setInterval(() => {
    // A claim that cannot be renewed runs out, and another validator takes over: the outcome is written once all the same.
    sql.run`update model.version set claimed_until = now() + ${leaseMs} * interval '1 millisecond' where id = ${claimed.id}`.catch(
      () => undefined,
    );
  }, leaseMs / 3);
  try {
    const outcome = await judge(deps, claimed);
    await settle(database, tenantId, claimed, outcome);
    const { model, version } = claimed;
    deps.log.info({ tenantId, model, version, state: outcome.state, sizeBytes: claimed.sizeBytes }, 'model validated');
  } catch (error) {
    await sql.run`update model.version set claimed_until = now() + interval '2 seconds',
        validation_attempts = validation_attempts - 1
      where id = ${claimed.id} and state = 'validating'`.catch(() => undefined);
    throw error;
  } finally {
    clearInterval(renewal);
  }
}

async function judge({ blobs, validate }: ValidateDeps, claimed: Claimed): Promise<Outcome> {
  // Whatever ended the validators before may well have been this file.
  if (claimed.attempts > maxAttempts) {
    const detail = `its validation was cut short ${maxAttempts} times`;
    return { state: 'rejected', rejection: { code: 'process_died', detail } };
  }
  const upload = await readUpload(blobs, claimed);
  if (!upload.ok) return { state: 'rejected', rejection: upload.rejection };
  const verdict = await validate(upload.bytes);
  return verdict.ok
    ? { state: 'ready', lane: verdict.lane, signature: verdict.signature }
    : { state: 'rejected', rejection: verdict.reason };
}

const settle = (database: TenantDatabase, tenantId: string, claimed: Claimed, outcome: Outcome): Promise<void> =>
  database.transaction(async (sql) => {
    const { id, model, version } = claimed;
    // Nothing to say when it was deleted in the meantime, or another validator was first.
    if (!(await createVersionStore(sql).finish(id, outcome))) return;
    const fact = factWriter(sql, tenantId);
    if (outcome.state === 'ready') await fact(modelVersionReady, model, { version, signature: outcome.signature });
    else await fact(modelVersionRejected, model, { version, rejection: outcome.rejection });
  });
