import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { KolateError } from '../../../contracts/errors';
import type { QuarantineLine } from './watchdog-cells';

export type Quarantine = {
  /** @throws KolateError KLT_MODEL_QUARANTINED with the reason, when the model was taken out of service */
  check(key: string): void;
  /** Takes a model out of service; for good, or until `restMs` have passed. */
  add(key: string, reason: string, restMs?: number): void;
  /** Models that this process found in the file when it started. */
  readonly fromFile: readonly QuarantineLine[];
};

/** Of a file that grew without bound, the last lines count. */
const maxFileBytes = 1_048_576;
const maxModels = 10_000;

/** The models out of service: those that the watchdog of an earlier process wrote to `file`, and those that this one adds. */
export function createQuarantine(file: string, now: () => number = Date.now): Quarantine {
  const fromFile = readLines(file);
  const models = new Map<string, { readonly reason: string; readonly until: number }>();
  for (const { key, reason } of fromFile) models.set(key, { reason, until: Number.POSITIVE_INFINITY });
  return {
    fromFile,
    check(key) {
      const entry = models.get(key);
      if (!entry) return;
      const restSeconds = (entry.until - now()) / 1_000;
      if (restSeconds <= 0) {
        models.delete(key);
        return;
      }
      const hint = Number.isFinite(restSeconds)
        ? 'it is tried again after Retry-After; correct the model and upload it as a new version'
        : 'correct the model and upload it as a new version';
      const retryAfterSeconds = Number.isFinite(restSeconds) ? Math.ceil(restSeconds) : undefined;
      throw new KolateError('KLT_MODEL_QUARANTINED', `the model was taken out of service: ${entry.reason}`, {
        hint,
        retryAfterSeconds,
      });
    },
    add(key, reason, restMs = Number.POSITIVE_INFINITY) {
      if (models.size >= maxModels) models.delete(models.keys().next().value ?? '');
      models.set(key, { reason, until: now() + restMs });
    },
  };
}

function readLines(path: string): QuarantineLine[] {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    // No file: nothing was ever taken out of service.
    return [];
  }
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, maxFileBytes));
    const read = readSync(file, bytes, 0, bytes.length, Math.max(0, size - bytes.length));
    return bytes.toString('utf8', 0, read).split('\n').flatMap(parseLine);
  } finally {
    closeSync(file);
  }
}

/** A line cut off by a crash, or by the bound above, is passed over. */
function parseLine(text: string): QuarantineLine[] {
  try {
    const line = JSON.parse(text) as Partial<QuarantineLine> | null;
    const { key, reason, at } = line ?? {};
    return typeof key === 'string' && typeof reason === 'string' ? [{ key, reason, at: String(at) }] : [];
  } catch {
    return [];
  }
}
