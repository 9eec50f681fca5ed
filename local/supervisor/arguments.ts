import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export type Arguments = {
  readonly command: 'start' | 'stop';
  /** Absolute. */
  readonly home: string;
  readonly port: number;
  readonly detach: boolean;
  readonly demo: boolean;
  readonly reset: boolean;
  readonly help: boolean;
};

export const usage = `npm start -- [options]     start Kolate on this machine
npm stop -- [options]      stop it

  --detach       come back when everything is ready; it runs on
  --home DIR     folder of the state (KOLATE_HOME; .kolate in the clone); several run side by side
  --port N       of the gateway (8080)
  --no-demo      do not onboard the demo's tenants on the first start
  --reset        delete the state of that home, after stopping what runs on it
  --help`;

/** Shown without a stack, with the usage. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
}

/** @throws ArgumentError */
export function readArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  defaultHome: string,
): Arguments {
  const { values, positionals } = parse(args);
  const [command = 'start', ...more] = positionals;
  if ((command !== 'start' && command !== 'stop') || more.length > 0) {
    throw new ArgumentError(`not understood: ${positionals.join(' ')}`);
  }
  return {
    command,
    home: resolve(values.home ?? env.KOLATE_HOME ?? defaultHome),
    port: portOf(values.port ?? '8080'),
    detach: values.detach,
    demo: !values['no-demo'],
    reset: values.reset,
    help: values.help,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        detach: { type: 'boolean', default: false },
        home: { type: 'string' },
        port: { type: 'string' },
        'no-demo': { type: 'boolean', default: false },
        reset: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new ArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port <= 65_535) return port;
  throw new ArgumentError(`--port needs a number from 1 to 65535, not ${text}`);
}
