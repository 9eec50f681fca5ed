import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonFile, writePrivateJson } from '../../cli/private-file';
import type { EnginePaths } from '../engines/engine';
import { createPostgresEngine } from '../engines/postgres-engine';

export type SpareOptions = {
  readonly dataDir: string;
  /** For the owner alone: the spare's passwords are in it. */
  readonly recordDir: string;
  readonly paths: EnginePaths;
  readonly durable?: boolean;
  /** How long after the last stack the next spare is made: what follows a stack's provisioning has the machine first. */
  readonly spareDelayMs?: number;
  readonly say: (line: string) => void;
};

/** Data folders of a stack that nobody has yet: cloned, each with a password of its own. */
export type Spare = {
  readonly id: string;
  readonly passwords: { readonly postgres: string; readonly document: string };
};
export type Spares = ReturnType<typeof createSpares>;

export const newPassword = (): string => randomBytes(24).toString('base64url');
const folderOf = (id: string): string => `spare-${id}`;

/**
 * Keeps one set of data folders ready: cloning them is four fifths of the time that a dedicated stack takes. Nothing runs
 * in a spare; it costs 85 MB of disk.
 */
export function createSpares({ dataDir, recordDir, paths, durable, spareDelayMs = 1_000, say }: SpareOptions) {
  const file = join(recordDir, 'spare.json');
  let ready: Spare | undefined;
  let timer: NodeJS.Timeout | undefined;
  let making: Promise<void> = Promise.resolve();

  const make = async (): Promise<void> => {
    if (ready) return;
    const spare: Spare = {
      id: randomBytes(6).toString('hex'),
      passwords: { postgres: newPassword(), document: newPassword() },
    };
    const dir = join(dataDir, folderOf(spare.id));
    await mkdir(dir, { recursive: true, mode: 0o711 });
    const common = (name: string) => ({ name, dir: join(dir, name), port: 0, paths, durable });
    const { postgres, document } = spare.passwords;
    await createPostgresEngine({ ...common('postgres'), password: postgres }).prepare();
    const documents = { ...common('document-postgres'), password: document, flavour: 'document' as const };
    await createPostgresEngine(documents).prepare();
    await writePrivateJson(file, spare);
    ready = spare;
  };

  return {
    /** Takes up the spare that an earlier run has left, and removes what it had not finished. @param used by stacks being built */
    async load(used: ReadonlySet<string>): Promise<void> {
      ready = await readJsonFile<Spare>(file);
      const kept = new Set([...used, ...(ready ? [ready.id] : [])].map(folderOf));
      for (const name of await readdir(dataDir).catch(() => [])) {
        if (name.startsWith('spare-') && !kept.has(name))
          await rm(join(dataDir, name), { recursive: true, force: true });
      }
    },
    /** The spare, which is whoever's asks from then on. Write down that it is yours before you use it. */
    async take(): Promise<Spare | undefined> {
      // One that is being made is there sooner than one that is begun beside it.
      await making;
      const spare = ready;
      ready = undefined;
      if (spare) await rm(file, { force: true });
      return spare;
    },
    /** Makes it the stack's folder, unless that was done before. Where it is gone the stack's engines make their own. */
    async place({ id }: Pick<Spare, 'id'>, stack: string): Promise<void> {
      const there = await readdir(join(dataDir, stack)).catch(() => undefined);
      if (there === undefined) await rename(join(dataDir, folderOf(id)), join(dataDir, stack)).catch(() => undefined);
    },
    /** Makes the next one in a while. */
    makeSoon(): void {
      clearTimeout(timer);
      timer = setTimeout(() => {
        making = make().catch((error: unknown) => say(`no spare data folders could be made: ${String(error)}`));
      }, spareDelayMs);
      timer.unref();
    },
    async close(): Promise<void> {
      clearTimeout(timer);
      await making;
    },
  };
}
