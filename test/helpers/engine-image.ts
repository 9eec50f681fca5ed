import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { findEnginePaths } from '../../local/engines/engine-paths';
import { holdFreePort } from '../../local/engines/free-port';
import { scratchFolder } from './scratch-folder';
import { type SelfSigned, selfSigned } from './self-signed';
import { until } from './until';

type Variables = Readonly<Record<string, string>>;
export const imageTenantId = '0190a0a0-0000-7000-8000-000000000001';
const paths = findEnginePaths();
const programs = {
  postgres: paths.postgresBin,
  mongo: [paths.documentPostgresBin, dirname(paths.ferretdb)].join(':'),
  valkey: dirname(paths.valkeyServer),
};

/**
 * The entry script of an image as its container would run it: its user, its volumes, its variables; on engines of here.
 * @param more variables; its PATH is searched first
 */
export async function openImage(
  image: keyof typeof programs,
  shown: SelfSigned = selfSigned(),
  { PATH: before = '', ...more }: Variables = {},
) {
  const folder = scratchFolder(`image-${image}`);
  // The engines' account has to pass.
  await chmod(folder, 0o711);
  const { uid, gid } = paths.user ?? {};
  const [data, run] = [join(folder, 'data'), join(folder, 'run')];
  for (const each of [data, run]) {
    await mkdir(each);
    if (uid !== undefined && gid !== undefined) await chown(each, uid, gid);
  }
  const ports = await Promise.all([holdFreePort(), holdFreePort()]);
  await Promise.all(ports.map(({ release }) => release()));
  const [port, storePort] = ports.map((each) => each.port) as [number, number];
  const { certificate, key } = shown;
  const variables = {
    ...{
      PATH: `${before && `${before}:`}${programs[image]}:/usr/bin:/bin`,
      DATA: data,
      RUN: run,
      TENANT_ID: imageTenantId,
    },
    ...{ PORT: String(port), STORE_PORT: String(storePort), TLS_CERTIFICATE: certificate, TLS_KEY: key },
    ...more,
  };
  const script = (name: string) => resolve('images', image, name);
  let running: ChildProcess | undefined;
  const said: string[] = [];
  return {
    port,
    ca: certificate,
    said,
    async start(secrets: Variables): Promise<void> {
      const env = { ...variables, ...secrets };
      const options = { cwd: run, env, uid, gid, detached: true } as const;
      const child = spawn(script('start'), { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => said.push(String(text)));
      running = child;
      await until(async () => {
        if (child.exitCode !== null) return true;
        const [code] = await once(spawn(script('healthcheck'), { env, cwd: run, uid, gid, stdio: 'ignore' }), 'exit');
        return code === 0;
      }, 40_000);
      if (child.exitCode !== null) throw new Error(said.join(''));
    },
    /** @returns the exit code */
    async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
      if (!running || running.exitCode !== null || running.signalCode !== null) return null;
      const ended = once(running, 'exit');
      running.kill(signal);
      const [code] = await ended;
      return code;
    },
    /** As a volume that is gone for ever. */
    async loseVolume(): Promise<void> {
      for (const name of await readdir(data)) await rm(join(data, name), { recursive: true });
    },
    /** Ends all of it as a host ends that loses its power. */
    async kill(): Promise<void> {
      if (running?.pid === undefined || running.exitCode !== null || running.signalCode !== null) return;
      const ended = once(running, 'exit');
      // Patroni gives PostgreSQL a group of its own, whose processes would finish what they are at.
      const text = (path: string) => readFile(path, 'utf8').catch(() => '');
      const [postmaster = ''] = (await text(join(data, 'cluster/postmaster.pid'))).split('\n');
      const backends = await text(`/proc/${postmaster}/task/${postmaster}/children`);
      for (const pid of [postmaster, ...backends.split(' ')]) if (pid) process.kill(Number(pid), 'SIGKILL');
      process.kill(-running.pid, 'SIGKILL');
      await ended;
    },
  };
}
export type EngineImage = Awaited<ReturnType<typeof openImage>>;
