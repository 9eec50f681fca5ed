import { randomUUID } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { chmod, mkdir, readdir, readFile, realpath, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writePrivateJson } from '../../cli/private-file';
import { homeFiles } from '../../src/contracts/home';
import type { OsUser } from '../engines/engine';

/** A home folder: all the state of one platform on this machine. */
export type Home = {
  readonly dir: string;
  readonly id: string;
  /** Of the engines; can be entered by the account they run under. */
  readonly data: string;
  readonly secrets: string;
  readonly run: string;
  readonly logs: string;
  readonly issuer: string;
  readonly state: string;
  readonly endpoints: string;
};

type Marker = { readonly kolate: 'home'; readonly version: 1; readonly id: string; readonly dataElsewhere?: string };

const markerOf = (dir: string): string => join(dir, 'home.json');

const layout = (dir: string, { id }: Marker, data: string): Home => ({
  dir,
  id,
  data,
  secrets: join(dir, 'secrets'),
  run: join(dir, 'run'),
  logs: join(dir, homeFiles.logs),
  issuer: join(dir, 'issuer'),
  state: join(dir, 'state.json'),
  endpoints: join(dir, homeFiles.endpoints),
});

/**
 * The home at `dir`, made where there is none. As root the engines run as `user`, who cannot enter a folder such as
 * `/root`: then their data lie in `/var/lib/kolate`, and `data` in the home is a link to them.
 * @throws Error when `dir` is something else
 */
export async function openHome(dir: string, user: OsUser | undefined): Promise<Home> {
  const marker = (await readMarker(dir)) ?? (await createHome(dir, user));
  const data = join(dir, 'data');
  const home = layout(dir, marker, await realpath(data));
  for (const folder of [home.run, home.logs, home.issuer]) await mkdir(folder, { recursive: true, mode: 0o700 });
  await makeOpenDir(join(home.data, 'tenants'));
  return home;
}

/** The home at `dir` as it is, or undefined. */
export async function findHome(dir: string): Promise<Home | undefined> {
  const marker = await readMarker(dir);
  return marker && layout(dir, marker, await realpath(join(dir, 'data')).catch(() => join(dir, 'data')));
}

async function readMarker(dir: string): Promise<Marker | undefined> {
  const text = await readFile(markerOf(dir), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const marker: Marker = JSON.parse(text);
  if (marker.kolate === 'home' && marker.version === 1) return marker;
  throw new Error(`${markerOf(dir)} is not a home of this version of Kolate`);
}

async function createHome(dir: string, user: OsUser | undefined): Promise<Marker> {
  const there = await readdir(dir).catch(() => []);
  if (there.length > 0) throw new Error(`${dir} is not empty and not a Kolate home; choose another folder with --home`);
  await makeOpenDir(dir);
  const id = randomUUID();
  const data = join(dir, 'data');
  const elsewhere = user && !(await canEnter(dir, user)) ? join('/var/lib/kolate', id) : undefined;
  await makeOpenDir(elsewhere ?? data);
  if (elsewhere) await symlink(elsewhere, data);
  const marker: Marker = { kolate: 'home', version: 1, id, ...(elsewhere ? { dataElsewhere: elsewhere } : {}) };
  await writePrivateJson(markerOf(dir), marker);
  return marker;
}

/** One that the engines' account can pass through, whatever the umask; what is private in it has a mode of its own. */
async function makeOpenDir(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await chmod(dir, 0o711);
}

async function canEnter(dir: string, user: OsUser): Promise<boolean> {
  for (let at = dir; ; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** Deletes all of a home's state. @throws Error when `dir` is no Kolate home */
export async function deleteHome(dir: string): Promise<void> {
  const marker = await readMarker(dir);
  if (!marker) {
    if ((await readdir(dir).catch(() => [])).length === 0) return;
    throw new Error(`${dir} is not a Kolate home, so nothing in it was deleted`);
  }
  accessSync(dir, constants.W_OK);
  if (marker.dataElsewhere === join('/var/lib/kolate', marker.id)) {
    await rm(marker.dataElsewhere, { recursive: true, force: true });
  }
  for (const name of await readdir(dir)) {
    if (name !== 'home.json') await rm(join(dir, name), { recursive: true, force: true });
  }
  // Last, so that a deletion that was cut off can be taken up again.
  await rm(markerOf(dir), { force: true });
}
