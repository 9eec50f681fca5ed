import { Readable } from 'node:stream';
import type { Cli } from '../../../cli/main-job';
import { runCli } from '../../../cli/run-cli';

type Text = Readonly<Record<string, string | undefined>>;

/** The command line as a function: what it prints is its answer, and what it says to people goes to `say`. */
export const cliInProcess =
  (env: Text, say: (line: string) => void): Cli =>
  async (args, input = '') => {
    let printed = '';
    const code = await runCli(['--output', 'json', ...args], {
      env,
      stdin: Readable.from([Buffer.from(input)]),
      say,
      write: (text) => {
        printed += text;
      },
      isTerminal: false,
    });
    if (code !== 0) throw new Error(printed.trim() || `exit code ${code}`);
    return printed.trim() === '' ? undefined : JSON.parse(printed);
  };
