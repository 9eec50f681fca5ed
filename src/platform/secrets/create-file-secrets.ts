import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KolateError } from '../../contracts/errors';
import { checkedSecretName, secretNotFound } from './secret-name';
import type { SecretStore } from './secret-store';

const ownerOnlyFolder = 0o700;
const ownerOnlyFile = 0o600;

/**
 * Secrets as files below `folder`, which this user alone can enter (0700, files 0600). What is open to others, is
 * somebody else's or is a link is refused rather than read: it may have been read, or put there, by them.
 * @throws KolateError KLT_CONFIG_INVALID naming the path and its mode
 */
export function createFileSecrets(folder: string): SecretStore {
  const pathOf = (name: string): string => join(folder, `${checkedSecretName(name)}.secret`);

  const read = async (name: string): Promise<string> => {
    const path = pathOf(name);
    try {
      await checkFolders(folder, path);
      await checkOwnerOnly(path, 'file');
      return await readFile(path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') throw secretNotFound(name, error);
      throw error;
    }
  };

  return {
    get: read,
    refresh: read,
    async put(name, value) {
      const path = pathOf(name);
      await makeFolders(folder, path);
      await writeAtomically(path, value);
    },
    delete: (name) => rm(pathOf(name), { force: true }),
    async retire(name) {
      try {
        await rm(pathOf(name));
        return new Date().toISOString();
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      }
    },
  };
}

/** Every folder from `root` down to the one that holds `path`. */
function foldersOf(root: string, path: string): string[] {
  const folders = [root];
  const below = dirname(path).slice(root.length).split('/').filter(Boolean);
  for (const part of below) folders.push(join(folders.at(-1) ?? root, part));
  return folders;
}

async function checkFolders(root: string, path: string): Promise<void> {
  for (const each of foldersOf(root, path)) await checkOwnerOnly(each, 'folder');
}

async function makeFolders(root: string, path: string): Promise<void> {
  await mkdir(dirname(root), { recursive: true });
  for (const each of foldersOf(root, path)) {
    try {
      await mkdir(each, { mode: ownerOnlyFolder });
      // The umask may have taken from the mode; it cannot have added.
      await chmod(each, ownerOnlyFolder);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      await checkOwnerOnly(each, 'folder');
    }
  }
}

async function checkOwnerOnly(path: string, kind: 'file' | 'folder'): Promise<void> {
  const stat = await lstat(path);
  const isKind = kind === 'file' ? stat.isFile() : stat.isDirectory();
  if (!isKind) throw new KolateError('KLT_CONFIG_INVALID', `${path} is not a ${kind}`);
  const mode = stat.mode & 0o777;
  if ((mode & 0o077) !== 0) {
    const wanted = kind === 'file' ? ownerOnlyFile : ownerOnlyFolder;
    throw new KolateError(
      'KLT_CONFIG_INVALID',
      `${path} has mode ${mode.toString(8)} and is open to others; it has to be the owner’s alone`,
      {
        hint: `chmod ${wanted.toString(8)} ${path}, and replace the secrets in it if others could read them`,
      },
    );
  }
  if (process.getuid && stat.uid !== process.getuid()) {
    throw new KolateError('KLT_CONFIG_INVALID', `${path} belongs to user ${stat.uid}, not to the one who runs this`);
  }
}

/** A reader sees the old value or the new one, and after a crash one of them is there whole. */
async function writeAtomically(path: string, value: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  const file = await open(temporary, 'wx', ownerOnlyFile);
  try {
    await file.writeFile(value);
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
