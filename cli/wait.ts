import { setTimeout as delay } from 'node:timers/promises';
import { getVersion, type ModelVersion } from '../src/contracts/http/models';
import { getOperation, type Operation, type OperationStep } from '../src/contracts/http/operations';
import { CliError, exitCodes, unreachable } from './cli-error';
import type { Api } from './http-client';

export type WaitOptions = {
  readonly timeoutMs: number;
  /** A line of progress. */
  readonly say?: (line: string) => void;
  readonly pollMs?: number;
};

/**
 * Asks `look` until it answers something, at first often, then once a second. A platform that cannot be reached for a
 * while is waited for as well. @throws CliError unavailable past the deadline
 */
async function poll<T>(what: string, look: () => Promise<T | undefined>, options: WaitOptions): Promise<T> {
  const deadline = Date.now() + options.timeoutMs;
  let away = false;
  for (let pauseMs = options.pollMs ?? 100; ; pauseMs = Math.min(pauseMs * 1.5, 1_000)) {
    try {
      const found = await look();
      if (found !== undefined) return found;
      away = false;
    } catch (error) {
      if (!isAway(error) || Date.now() + pauseMs > deadline) throw error;
      if (!away) options.say?.(`  ${error.message}; still waiting`);
      away = true;
    }
    if (Date.now() + pauseMs > deadline) {
      throw unreachable(`${what} has not ended within ${options.timeoutMs / 1_000} s`, 'it goes on; ask for it again');
    }
    await delay(pauseMs);
  }
}

const isAway = (error: unknown): error is CliError =>
  error instanceof CliError && error.exitCode === exitCodes.unavailable;

const ended = new Set(['succeeded', 'failed', 'cancelled']);

/** The operation once it has ended, however it did. Says each step as it moves. */
export async function waitForOperation(api: Api, operationId: string, options: WaitOptions): Promise<Operation> {
  const told = new Map<string, string>();
  return poll(
    `operation ${operationId}`,
    async () => {
      const { body } = await api.call(getOperation, { params: { operationId } });
      for (const step of body.steps) tell(step, told, options.say);
      return ended.has(body.status) ? body : undefined;
    },
    options,
  );
}

function tell(step: OperationStep, told: Map<string, string>, say: WaitOptions['say']): void {
  const state = `${step.status} ${step.attempt}`;
  if (step.status === 'pending' || told.get(step.name) === state) return;
  told.set(step.name, state);
  const attempt = step.attempt > 1 ? `, attempt ${step.attempt}` : '';
  const took = step.durationMs === undefined ? '' : `, ${step.durationMs} ms`;
  const cause = step.cause ? `: ${step.cause.detail}` : '';
  say?.(`  ${step.name.padEnd(18)} ${step.status}${attempt}${took}${cause}`);
}

/** The version once it is ready. @throws CliError failed with the reason when it was rejected */
export async function waitForVersion(
  api: Api,
  params: { readonly model: string; readonly version: string },
  options: WaitOptions,
): Promise<ModelVersion> {
  let told = '';
  const version = await poll(
    `the validation of ${params.model} ${params.version}`,
    async () => {
      const { body } = await api.call(getVersion, { params });
      if (body.state !== told) options.say?.(`  ${params.model} ${params.version}: ${body.state}`);
      told = body.state;
      return body.state === 'ready' || body.state === 'rejected' ? body : undefined;
    },
    options,
  );
  if (version.state === 'ready') return version;
  throw new CliError(exitCodes.failed, {
    type: 'about:blank',
    title: 'The model file was rejected',
    status: 422,
    code: version.rejection?.code ?? 'KLT_MODEL_REJECTED',
    detail: version.rejection?.detail ?? 'the file was rejected',
    ...(version.rejection?.hint ? { hint: version.rejection.hint } : {}),
    version,
  });
}
