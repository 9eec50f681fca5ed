import type { Problem } from '../src/contracts/http/common';

/** How the command ended, for scripts. Stable. */
export const exitCodes = {
  ok: 0,
  /** The operation, the model's validation or the command itself failed. */
  failed: 1,
  /** The command line is not right. */
  usage: 2,
  /** The API refused the request: 4xx. */
  refused: 3,
  /** The platform could not be reached, or answered 5xx. */
  unavailable: 4,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends a command: `problem` is what `--output json` prints, its `detail` and `hint` what people read. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly exitCode: ExitCode,
    readonly problem: Problem & Readonly<Record<string, unknown>>,
    options: { readonly cause?: unknown } = {},
  ) {
    super(problem.detail, options);
  }
}

const problem = (status: number, code: string, title: string, detail: string, hint?: string): Problem => ({
  type: 'about:blank',
  title,
  status,
  detail,
  code,
  ...(hint ? { hint } : {}),
});

export const usageError = (detail: string, hint?: string): CliError =>
  new CliError(exitCodes.usage, problem(400, 'KLT_CLI_USAGE', 'The command line is not right', detail, hint));

export const unreachable = (detail: string, hint?: string, cause?: unknown): CliError =>
  new CliError(exitCodes.unavailable, problem(503, 'KLT_CLI_UNREACHABLE', 'Kolate does not answer', detail, hint), {
    cause,
  });

/** What a caller of AWS lacks, and what to do, in one line; nothing where `message`, which is its SDK's, is of something else. */
export function missingAccess(message: string): string | undefined {
  if (/could not load credentials/i.test(message))
    return 'no AWS credentials here: set AWS_PROFILE (aws configure list-profiles shows yours)';
  if (/region is missing/i.test(message)) return 'no AWS region here: set AWS_REGION';
  if (/token.*expired|expired.*token|sso session/i.test(message))
    return 'the AWS credentials have expired: aws sso login, or new ones';
  return undefined;
}

/** A call of AWS that failed, `message` being what its SDK says. */
export const awsUnreachable = (message: string, cause?: unknown): CliError =>
  unreachable(missingAccess(message) ?? `AWS does not answer: ${message}`, undefined, cause);

export const failed = (detail: string, hint?: string): CliError =>
  new CliError(exitCodes.failed, problem(500, 'KLT_CLI_FAILED', 'The command failed', detail, hint));

/** The error of an answer: 4xx is a refusal, the rest unavailability. `body` may be anything that a proxy could send. */
export function refusal(status: number, body: unknown): CliError {
  const members: Record<string, unknown> = typeof body === 'object' && body !== null ? { ...body } : {};
  const text = (name: string): string | undefined =>
    typeof members[name] === 'string' ? String(members[name]) : undefined;
  const exitCode = status < 500 ? exitCodes.refused : exitCodes.unavailable;
  return new CliError(exitCode, {
    ...members,
    type: text('type') ?? 'about:blank',
    title: text('title') ?? `HTTP ${status}`,
    status,
    detail: text('detail') ?? text('error') ?? text('error_description') ?? `the answer was HTTP ${status}`,
    code: text('code') ?? 'KLT_CLI_HTTP',
  });
}
