import { type KolateError, toKolateError } from '../../../contracts/errors';
import { fromFramework, toProblem } from '../../../platform/http/problem';

/** Clients show an error's text only when the type is exactly this, without a charset. */
export const protocolType = 'application/json';

export type ProtocolError = {
  readonly error: KolateError;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** An error as the protocol's clients read it, `error` saying what is wrong, with the members of problem details beside it. */
export function toProtocolError(thrown: unknown, traceId?: string, instance?: string): ProtocolError {
  const error = toKolateError(fromFramework(thrown));
  const { detail, options, status } = error;
  const text = options.hint === undefined ? detail : `${detail} (${options.hint})`;
  const headers: Record<string, string> = { ...options.headers };
  if (options.retryAfterSeconds !== undefined || (status === 503 && error.retryable)) {
    headers['retry-after'] = String(Math.max(1, Math.ceil(options.retryAfterSeconds ?? 1)));
  }
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  return { error, status, headers, body: JSON.stringify({ error: text, ...toProblem(error, traceId, instance) }) };
}
