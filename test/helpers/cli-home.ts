import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { runCli } from '../../cli/run-cli';

export type CliRun = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** A home folder as a running platform leaves it, whose parts are all at `url`, and the command line on it. */
export async function createCliHome(url: string, { issuer = url, operatorSecret = 'operator-secret' } = {}) {
  const home = await mkdtemp(join(tmpdir(), 'kolate-cli-'));
  const secretFile = join(home, 'operator-secret');
  await writeFile(secretFile, operatorSecret, { mode: 0o600 });
  await writeFile(
    join(home, 'endpoints.json'),
    JSON.stringify({
      gateway: url,
      issuer,
      operator: { clientId: 'operator', secretFile },
      control: { url, tokenFile: secretFile },
    }),
  );
  const run = async (
    args: string,
    { stdin = '', env = {} }: { stdin?: string; env?: object } = {},
  ): Promise<CliRun> => {
    const written: string[] = [];
    const said: string[] = [];
    const exitCode = await runCli(args.split(' ').filter(Boolean), {
      env: { KOLATE_HOME: home, ...env },
      stdin: Readable.from(stdin ? [stdin] : []),
      say: (line) => said.push(line),
      write: (text) => written.push(text),
      isTerminal: false,
      pause: () => Promise.resolve(),
    });
    return { exitCode, stdout: written.join(''), stderr: said.join('\n') };
  };
  return { home, run, remove: () => rm(home, { recursive: true, force: true }) };
}
