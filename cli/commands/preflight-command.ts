import type { Command } from 'commander';
import { environmentNamed } from '../../lib/config/environments';
import type { Bind } from '../bind';
import { exitCodes, usageError } from '../cli-error';
import { type Check, checkAws } from '../preflight/aws-checks';
import { renderTable } from '../table';

export function addPreflightCommand(program: Command, bind: Bind): void {
  const preflight = program.command('preflight').description('look at what a deployment would stumble over');
  preflight
    .command('aws')
    .description(
      'what --env NAME has not filled in, then account, bootstrap, domain, roles, quotas and settings; changes nothing',
    )
    .action(
      bind(async ({ options, io }) => {
        const name = options.env ?? io.env.KOLATE_ENV;
        if (!name) throw usageError('which environment?', 'name one with --env dev');
        const environment = named(name);
        // Loaded for this command alone: seven clients of the SDK.
        const { createAwsAccount } = await import('../preflight/aws-account');
        const checks = await checkAws(environment, createAwsAccount(environment.region));
        const failed = checks.some(({ state }) => state === 'failed');
        return { document: checks, text: checksText(checks), exitCode: failed ? exitCodes.failed : exitCodes.ok };
      }),
    );
}

function named(name: string) {
  try {
    return environmentNamed(name);
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error));
  }
}

function checksText(checks: readonly Check[]): string {
  const table = renderTable<Check>(
    [
      ['check', ({ check }) => check],
      ['state', ({ state }) => state],
      ['got', ({ got }) => got],
      ['needed', ({ needed }) => needed],
    ],
    checks,
  );
  const hints = checks.flatMap(({ check, hint }) => (hint ? [`${check}: ${hint}`] : []));
  return hints.length > 0 ? `${table}\n\n${hints.join('\n')}` : table;
}
