import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mirrorsIn } from '../../../local/setup/debian-mirror.mjs';
import { isNeeded } from '../../../local/setup/debian-packages.mjs';
import { compareWithLock } from '../../../local/setup/engine-prefix.mjs';
import { scratchFolder } from '../../helpers/scratch-folder';

describe('the mirror', () => {
  it('is that of active lines, then that of comments, in either format of apt', () => {
    const sources = `
# deb http://snapshot.example/archive/debian/20250520T000000Z bookworm main
deb [arch=amd64 signed-by=/usr/share/k.gpg] https://one.example/debian/ bookworm main
Types: deb
# http://two.example/debian
URIs: http://three.example/debian
Suites: bookworm`;
    expect(mirrorsIn(sources)).toEqual([
      'https://one.example/debian',
      'http://three.example/debian',
      'http://snapshot.example/archive/debian/20250520T000000Z',
      'http://two.example/debian',
    ]);
  });

  it('is never that of security updates or of somebody else', () => {
    const sources = `
URIs: http://one.example/debian-security
deb https://packages.example/apt cloud main
deb http://archive.example/ubuntu noble main`;
    expect(mirrorsIn(sources)).toEqual([]);
  });
});

it('leaves out what only installs, and keeps what the engines load', () => {
  const needed = ['libc6', 'libpq5', 'libproj25', 'libsharpyuv0', 'postgresql-18', 'proj-data', 'patchelf'];
  const not = ['systemd', 'libperl5.42', 'postgresql-common', 'libgdal39', 'debconf', 'locales', 'ucf'];
  expect(needed.filter(isNeeded)).toEqual(needed);
  expect(not.filter(isNeeded)).toEqual([]);
});

describe('the lock file', () => {
  const dir = scratchFolder('lock');
  const file = join(dir, 'lock.json');
  writeFileSync(file, JSON.stringify({ packages: { 'postgresql-18': '18.6-3', libc6: '2.43-7', zlib1g: '1' } }));

  it('says nothing about the same versions, rebuilt or not', async () => {
    expect(await compareWithLock(file, { 'postgresql-18': '18.6-3+b1', libc6: '2.43-7', zlib1g: '1' })).toEqual([]);
  });

  it('names engines before libraries when versions differ', async () => {
    const found = { 'postgresql-18': '18.7-1', libc6: '2.44-1', zlib1g: '2', libnew: '1' };
    expect(await compareWithLock(file, found)).toEqual([
      'versions differ from engines.lock.json: postgresql-18 18.6-3 → 18.7-1, libc6 2.43-7 → 2.44-1, ' +
        'libnew none → 1 and 1 more',
    ]);
  });
});
