import { join } from 'node:path';
import type { Engine, EngineOptions } from './engine';
import { loopback } from './engine';
import { makeOwnDir } from './own-files';
import { askPort } from './probe';

export type S3Endpoint = {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
};
export type S3Options = EngineOptions & { readonly accessKeyId: string; readonly secretAccessKey: string };

/** versitygw over plain files, with versioning. Buckets are addressed by path, not by host name. */
export function createS3Engine({
  name,
  dir,
  port,
  paths,
  accessKeyId,
  secretAccessKey,
}: S3Options): Engine<S3Endpoint> {
  const endpoint = `http://${loopback}:${port}`;
  const region = 'us-east-1';
  const folders = { buckets: join(dir, 'buckets'), versions: join(dir, 'versions'), users: join(dir, 'users') };
  return {
    endpoint: { endpoint, region, accessKeyId, secretAccessKey },
    spec: {
      name,
      command: paths.versitygw,
      args: ['--port', `${loopback}:${port}`, '--quiet', '--health', '/health', '--iam-dir', folders.users].concat([
        'posix',
        '--versioning-dir',
        folders.versions,
        folders.buckets,
      ]),
      env: {
        ROOT_ACCESS_KEY_ID: accessKeyId,
        ROOT_SECRET_ACCESS_KEY: secretAccessKey,
        VGW_REGION: region,
        HOME: dir,
        // It would keep 60 MB otherwise, most of it waiting to be collected.
        GOGC: '50',
      },
      cwd: dir,
      ...paths.user,
      stopSignal: 'SIGTERM',
      ready: async () => (await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(1_000) })).ok,
      readyTimeoutMs: 30_000,
      alive: async () => (await askPort(port, 'GET /health HTTP/1.0\r\n\r\n', 5_000)) !== '',
    },
    async prepare() {
      await makeOwnDir(dir, paths.user);
      for (const folder of Object.values(folders)) await makeOwnDir(folder, paths.user);
    },
  };
}
