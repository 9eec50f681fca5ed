import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Locked = { version?: string; resolved?: string; optionalDependencies?: Record<string, string> };
const lock = JSON.parse(readFileSync(join(__dirname, '../../../package-lock.json'), 'utf8'));
const packages = Object.entries<Locked>(lock.packages);

it('names the optional packages of every platform, without which npm ci refuses to install', () => {
  const missing = packages.flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !lock.packages[`node_modules/${name}`] && !lock.packages[`${path}/node_modules/${name}`],
    ),
  );
  expect(missing).toEqual([]);
});

it('names no registry, so that each machine uses its own', () => {
  expect(packages.filter(([, { resolved }]) => resolved)).toEqual([]);
});
