import { cp, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What the last stage of a Dockerfile says, with `${NAME}` filled in. */
export type ImageFile = {
  readonly user: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
  /** From the build's folder, and from other stages: source, target. */
  readonly copied: readonly (readonly [string, string])[];
  readonly fromStages: readonly (readonly [string, string])[];
  readonly baseImages: readonly string[];
};

const listIn = (text: string): string[] => JSON.parse(text.slice(text.indexOf('[')));

export async function readImageFile(file: string, args: Readonly<Record<string, string>> = {}): Promise<ImageFile> {
  const text = (await readFile(file, 'utf8')).replace(/^\s*#.*$/gm, '').replace(/\\\n/g, ' ');
  const lines = text.replace(/\$\{(\w+)\}/g, (_, name: string) => args[name] ?? `\${${name}}`).split('\n');
  const all = lines.map((line) => /^(\w+)\s+(.*)$/.exec(line.trim())).filter((match) => match !== null);
  const last = all.slice(all.findLastIndex(([, verb]) => verb === 'FROM'));
  const valuesOf = (verb: string, of = last): string[] =>
    of.filter(([, v]) => v === verb).map(([, , value = '']) => value);
  const one = (verb: string): string => valuesOf(verb).at(-1) ?? '';
  const copies = valuesOf('COPY').map((value) => value.split(/\s+/));
  const pair = (words: string[]) => words.slice(-2) as [string, string];
  return {
    user: one('USER'),
    workdir: one('WORKDIR'),
    env: Object.fromEntries(
      one('ENV')
        .split(/\s+/)
        .map((each) => each.split('=') as [string, string]),
    ),
    command: listIn(one('CMD')),
    healthcheck: listIn(one('HEALTHCHECK')),
    copied: copies.filter(([first = '']) => !first.startsWith('--from')).map(pair),
    fromStages: copies.filter(([first = '']) => first.startsWith('--from')).map(pair),
    baseImages: valuesOf('FROM', all).map((value) => value.split(/\s+/)[0] ?? ''),
  };
}

/** Puts into `root` what the image would have in its own, the system and Node excepted. */
export async function makeImageTree(context: string, { copied }: ImageFile, root: string): Promise<void> {
  for (const [source, target] of copied) {
    const to = join(root, target);
    await mkdir(target.endsWith('/') ? to : dirname(to), { recursive: true });
    await cp(join(context, source), to, { recursive: true });
  }
}

/** Bytes of all files below a folder. */
export async function sizeOf(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = files
    .filter((file) => file.isFile())
    .map(async (file) => (await stat(join(file.parentPath, file.name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
