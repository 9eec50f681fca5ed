import { join } from 'node:path';
import type { Command } from 'commander';
import { Option } from 'commander';
import { homeFiles, type PlatformStatus } from '../../src/contracts/home';
import { allRoutes } from '../../src/contracts/http/all-routes';
import { toOpenApi } from '../../src/contracts/http/to-openapi';
import type { Bind, Result } from '../bind';
import { outputOf } from '../bind';
import { exitCodes, usageError } from '../cli-error';
import { homeOf, readEndpoints } from '../connection';
import type { Context } from '../context';
import { readStatus } from '../control';
import { wholeNumber } from '../options';
import { entryText, followLogs, logNames, readLogs } from '../read-logs';
import { megabytes, renderTable } from '../table';

type Logging = { readonly lines: number; readonly follow?: boolean };

export function addPlatformCommands(program: Command, bind: Bind): void {
  program
    .command('status')
    .description('every process of the platform on this machine: port, memory, restarts, health')
    .action(
      bind(async (context) => {
        const home = await homeOf(context.options, context.io.env);
        const status = await readStatus(await readEndpoints(home));
        const healthy = status.ready && status.processes.every((process) => process.healthy);
        return { document: status, text: statusText(status), exitCode: healthy ? exitCodes.ok : exitCodes.unavailable };
      }),
    );
  program
    .command('logs [process...]')
    .description('what the processes on this machine wrote, all of them or those named')
    .addOption(new Option('-n, --lines <n>', 'the last so many').argParser(wholeNumber(1, 10_000)).default(50))
    .option('-f, --follow', 'go on as they write')
    .action(bind(logs));
  program
    .command('openapi')
    .description('print the HTTP API as OpenAPI 3.1')
    .action(
      bind(async () => {
        const document = toOpenApi(allRoutes);
        return { document, text: JSON.stringify(document, null, 2) };
      }),
    );
}

async function logs(context: Context, names: readonly string[], options: Logging): Promise<Result | undefined> {
  const { io } = context;
  const json = outputOf(context.options, io) === 'json';
  if (json && options.follow) throw usageError('--follow has no end, so it is no JSON document');
  const folder = join(await homeOf(context.options, io.env), homeFiles.logs);
  const known = await logNames(folder);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown) throw usageError(`no process "${unknown}" has a log here`, `there are: ${known.join(', ') || 'none'}`);
  const chosen = names.length > 0 ? names : known;
  const { entries, offsets } = await readLogs(folder, chosen, options.lines);
  const text = entries.map((entry) => entryText({ ...entry })).join('\n');
  if (!options.follow) return { document: entries, text };
  if (text) io.write(`${text}\n`);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  for await (const entry of followLogs(folder, offsets, stop.signal)) io.write(`${entryText({ ...entry })}\n`);
  return undefined;
}

function statusText(status: PlatformStatus): string {
  const table = renderTable(
    [
      ['process', (process) => process.name],
      ['kind', (process) => process.kind],
      ['state', (process) => process.state],
      ['health', (process) => (process.healthy ? 'ok' : 'failing')],
      ['pid', (process) => process.pid],
      ['port', (process) => process.port],
      ['memory', (process) => megabytes(process.memoryBytes)],
      ['restarts', (process) => process.restarts],
      ['since', (process) => process.startedAt?.slice(0, 19)],
    ],
    status.processes,
  );
  return `${table}\n\n${status.ready ? 'ready' : 'not ready'}, ${megabytes(status.memoryBytes)} in all, home ${status.home}`;
}
