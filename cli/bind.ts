import type { Command } from 'commander';
import { stringifyExact } from '../src/platform/json/exact-json';
import type { GlobalOptions } from './connection';
import { type Context, createContext, type Io } from './context';

/** `document` for `--output json`, `text` for people. `exitCode` where a complete answer is still a failure. */
export type Result = { readonly document: unknown; readonly text: string; readonly exitCode?: number };
export type Handler<O extends object> = (
  context: Context,
  args: readonly string[],
  options: O,
) => Promise<Result | undefined>;
/** A handler as commander's action. */
export type Bind = <O extends object>(handler: Handler<O>) => (this: Command) => Promise<void>;

/** Hands every handler its context and prints what it answers. `ended` hears the exit code. */
export const createBind =
  (io: Io, ended: (exitCode: number) => void): Bind =>
  (handler) =>
    async function act(this: Command) {
      const options = this.optsWithGlobals<GlobalOptions>();
      const result = await handler(createContext(options, io), this.args, this.opts());
      if (!result) return;
      io.write(outputOf(options, io) === 'json' ? `${stringifyExact(result.document, 2)}\n` : `${result.text}\n`);
      ended(result.exitCode ?? 0);
    };

export const outputOf = (options: GlobalOptions, io: Io): 'json' | 'table' =>
  options.output ?? (io.env.KOLATE_OUTPUT === 'json' ? 'json' : 'table');
