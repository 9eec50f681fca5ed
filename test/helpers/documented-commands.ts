import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(__dirname, '../..');

export type DocumentedCommands = {
  /** Lines of fenced blocks, to be typed as they stand. */
  readonly lines: readonly string[];
  /** What the text names between backticks: commands with or without what they need. */
  readonly mentions: readonly string[];
};

const isCommand = (text: string): boolean =>
  /(^|[\s(|])(kolate|npx cdk|npm (start|stop|test|run)) ./.test(text) || /^npm (start|stop|test)$/.test(text);

/** The commands of a document of ours, `path` from the root of the clone. */
export function documentedCommands(path: string): DocumentedCommands {
  const text = readFileSync(resolve(root, path), 'utf8');
  const fenced = [...text.matchAll(/^```(?:sh|bash)?\n(.*?)^```/gms)].flatMap(([, block = '']) =>
    block.trim().split('\n'),
  );
  const prose = text.replaceAll(/^```.*?^```/gms, '');
  const quoted = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code.replaceAll('\\|', '|'));
  return { lines: fenced.filter(isCommand), mentions: [...new Set(quoted.filter(isCommand))] };
}
