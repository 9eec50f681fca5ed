import { type ParseArgsConfig, parseArgs } from 'node:util';
import { missingAccess } from '../../cli/cli-error';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>['values'];

export type Script<O extends Options> = {
  /** What `--help` prints. Its first line is what a wrong command line is told to be like. */
  readonly usage: string;
  readonly options: O;
  /** Takes words beside its options. */
  readonly allowPositionals?: boolean;
};

/** A command line that cannot be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Runs a script with the arguments of this process, which ends with 0 or what `act` answers when it is done, 1 when it
 * failed, and 2 when it was not started the right way. What went wrong is told in one line.
 */
export function runScript<const O extends Options>(
  { usage, options, allowPositionals = false }: Script<O>,
  act: (values: Values<O>, positionals: readonly string[]) => number | undefined | Promise<number | undefined>,
): void {
  const run = async (): Promise<number | undefined> => {
    const args = process.argv.slice(2);
    if (args.includes('--help')) return say(usage);
    const { values, positionals } = parse({ args, options, allowPositionals }, usage);
    return act(values, positionals);
  };
  run().then(
    (code = 0) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      console.error(lineOf(error));
      process.exitCode = error instanceof UsageError ? 2 : 1;
    },
  );
}

function parse<O extends Options>(
  config: { readonly args: string[]; readonly options: O; readonly allowPositionals: boolean },
  usage: string,
): { readonly values: Values<O>; readonly positionals: readonly string[] } {
  try {
    return parseArgs<typeof config>(config);
  } catch (error) {
    // Node goes on with how to pass what looks like an option: nothing here takes such a thing.
    const [what = ''] = messageOf(error).split(/\.? To specify|\n/);
    throw new UsageError(`${what.replace(/\.$/, '')}; expected ${usage.split('\n')[0]}`);
  }
}

function say(text: string): number {
  console.log(text);
  return 0;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Calls of AWS say at length what is missing, and not what to do. */
const lineOf = (error: unknown): string => missingAccess(messageOf(error)) ?? messageOf(error);
