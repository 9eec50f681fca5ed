import { CommanderError } from 'commander';
import { stringifyExact } from '../src/platform/json/exact-json';
import { createBind } from './bind';
import { CliError, type ExitCode, exitCodes, failed, usageError } from './cli-error';
import type { Io } from './context';
import { createProgram } from './create-program';
import { reasonOf } from './http-client';

/** Runs one command line (without the program's name) and answers its exit code. Never throws. */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  // Read before parsing, since a command line that cannot be parsed has to answer in the form asked for.
  const json = wantsJson(args) ?? io.env.KOLATE_OUTPUT === 'json';
  let exitCode: number = exitCodes.ok;
  const bind = createBind(io, (code) => {
    exitCode = code;
  });
  const complaints: string[] = [];
  const program = createProgram(bind, io.write, (text) => complaints.push(text));
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
    return report(toCliError(error, complaints.join('')), json, io);
  }
}

function wantsJson(args: readonly string[]): boolean | undefined {
  const at = args.findIndex((arg) => /^(-o|--output)(=|$)/.test(arg));
  if (at < 0) return undefined;
  return (args[at]?.split('=')[1] ?? args[at + 1]) === 'json';
}

function toCliError(error: unknown, complaint: string): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof CommanderError) return usageError(complaint.trim() || error.message);
  return failed(reasonOf(error));
}

function report({ exitCode, problem }: CliError, json: boolean, io: Io): ExitCode {
  if (json) {
    io.write(`${stringifyExact(problem, 2)}\n`);
    return exitCode;
  }
  const code = problem.code.startsWith('KLT_CLI_') ? '' : ` (${problem.code})`;
  io.say(problem.detail.startsWith('error:') ? problem.detail : `error: ${problem.detail}${code}`);
  for (const error of problem.errors ?? []) {
    const place = 'parameter' in error ? `${error.parameter} (${error.in})` : error.pointer;
    // Some details name their places already.
    if (!problem.detail.includes(`${place} ${error.detail}`)) io.say(`  ${place || '/'}: ${error.detail}`);
  }
  if (problem.hint) io.say(problem.hint);
  if (problem.traceId) io.say(`trace ${problem.traceId}`);
  return exitCode;
}
