import { readFile } from 'node:fs/promises';
import type { Endpoints, PlatformStatus } from '../src/contracts/home';
import { refusal, unreachable } from './cli-error';
import { reasonOf } from './http-client';

const timeoutMs = 10_000;

/** What the supervisor of a home tells about its processes. @throws CliError unavailable when it does not answer */
export async function readStatus({ control }: Pick<Endpoints, 'control'>): Promise<PlatformStatus> {
  const hint = 'npm start brings it back and cleans up what was left';
  let answer: Response;
  try {
    const token = (await readFile(control.tokenFile, 'utf8')).trim();
    const headers = { authorization: `Bearer ${token}` };
    answer = await fetch(`${control.url}/status`, { headers, signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    throw unreachable(`the supervisor does not answer: ${reasonOf(error)}`, hint, error);
  }
  const body: unknown = await answer.json();
  if (!answer.ok) throw refusal(answer.status, body);
  return body as PlatformStatus;
}
