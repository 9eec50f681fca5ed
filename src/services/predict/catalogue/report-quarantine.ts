import { KolateError } from '../../../contracts/errors';
import type { Backoff } from '../../../platform/kafka/record';
import type { Logger } from '../../../platform/logging/create-logger';
import type { Postgres } from '../../../platform/postgres/create-postgres';

type Quarantined = { readonly key: string; readonly reason: string };

export type ReportOptions = {
  readonly openDatabase: (tenantId: string) => Promise<Postgres<'tenant'>>;
  readonly log: Logger;
  readonly backoff: Backoff;
  readonly signal: AbortSignal;
};

const attempts = 20;

/**
 * Writes into the registry which versions the watchdog took out of service, so that their owner sees why and other processes
 * do not load them. Tried again for a while; what could not be written is written at the next start.
 */
export async function reportQuarantine(models: readonly Quarantined[], options: ReportOptions): Promise<void> {
  for (const model of models) {
    options.log.error(model, 'a model stood still and ended the process; it is out of service');
    for (let attempt = 1; attempt <= attempts && !options.signal.aborted; attempt++) {
      if (await report(model, options)) break;
      await pause(options.backoff(attempt), options.signal);
    }
  }
}

/** @returns whether there is nothing more to do about it */
async function report({ key, reason }: Quarantined, { openDatabase, log }: ReportOptions): Promise<boolean> {
  const [tenantId = '', model = '', version = ''] = key.split('/');
  try {
    const { sql } = await openDatabase(tenantId);
    await sql.run`update model.version set quarantine_reason = ${reason}
      where model = ${model} and version = ${version} and quarantine_reason is null`;
    return true;
  } catch (error) {
    log.warn({ err: error, key }, 'a quarantined model could not be reported');
    return error instanceof KolateError && !error.retryable;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
