import { forgetOldKeys } from '../../../platform/http/idempotency';
import type { Producer } from '../../../platform/kafka/create-producer';
import type { Backoff } from '../../../platform/kafka/record';
import type { Logger } from '../../../platform/logging/create-logger';
import { drainOutbox } from '../../../platform/outbox/drain-outbox';
import type { BlobStore } from '../../../platform/storage/create-blob-store';
import { createTenantTurns } from './create-tenant-turns';
import { sweepDoomedBlobs } from './doomed-blobs';
import { factsSchema, type TenantDatabase } from './registry-deps';
import { claimNext, isClaimed, type Validate, validateClaimed } from './validate-next';

export type TenantWorkOptions = {
  readonly openDatabase: (tenantId: string) => Promise<TenantDatabase>;
  readonly blobs: Pick<BlobStore, 'stream' | 'delete'>;
  readonly producer: Pick<Producer, 'send'>;
  readonly validate: Validate;
  /** Validations at a time: each holds its file in memory and a processor. */
  readonly validations: number;
  readonly backoff: Backoff;
  readonly log: Logger;
};

export type TenantWork = {
  /** Says that the tenant may have facts to publish, versions to validate or blobs to delete. */
  poke(tenantId: string): void;
  close(): Promise<void>;
};

const factsAtOnce = 200;
const busyMs = 200;

/** What is done for tenants after a commit, in the background: publishing facts, validating versions, deleting blobs. */
export function createTenantWork(options: TenantWorkOptions): TenantWork {
  const { openDatabase, blobs, producer, backoff, log } = options;

  const facts = createTenantTurns({
    name: 'publishing facts',
    concurrency: 8,
    backoff,
    log,
    async work(tenantId, lineUp) {
      const postgres = await openDatabase(tenantId);
      const published = await drainOutbox({ postgres, schema: factsSchema, producer, batchSize: factsAtOnce });
      if (published === factsAtOnce) lineUp();
      // Whoever is at it may have looked before the last commit.
      return published === 'busy' ? new Date(Date.now() + busyMs) : undefined;
    },
  });

  const validations = createTenantTurns({
    name: 'validating',
    concurrency: options.validations,
    backoff,
    log,
    async work(tenantId, lineUp) {
      const database = await openDatabase(tenantId);
      const next = await claimNext(database);
      if (!isClaimed(next)) return next.waitUntil;
      // At once, so that its next version is validated side by side where nobody else waits.
      lineUp();
      await validateClaimed(options, tenantId, database, next);
      facts.poke(tenantId);
      return undefined;
    },
  });

  const cleaning = createTenantTurns({
    name: 'cleaning up',
    concurrency: 2,
    backoff,
    log,
    async work(tenantId) {
      const { sql } = await openDatabase(tenantId);
      await forgetOldKeys(sql, factsSchema);
      return sweepDoomedBlobs(sql, blobs.delete);
    },
  });

  return {
    poke(tenantId) {
      facts.poke(tenantId);
      validations.poke(tenantId);
      cleaning.poke(tenantId);
    },
    async close() {
      await Promise.all([validations.close(), cleaning.close()]);
      await facts.close();
    },
  };
}
