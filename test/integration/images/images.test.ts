import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { CoreEnv } from '../../../src/contracts/env/core-env';
import type { EnterpriseInfoEnv } from '../../../src/contracts/env/enterprise-info-env';
import type { PredictEnv, PredictRegistryEnv } from '../../../src/contracts/env/predict-env';
import type { AgentDriverEnv } from '../../../src/contracts/env/tenant-driver-env';
import type { ServiceName } from '../../../src/contracts/http/route';
import { allTopics } from '../../../src/contracts/topics';
import { startModelProcess } from '../../../src/services/predict/inference/model-process-host';
import { linearModel } from '../../builders/onnx-models';
import { testKafka, testS3 } from '../../helpers/engines';
import { type ImageFile, makeImageTree, readImageFile, sizeOf } from '../../helpers/image-tree';
import { type CoreDatabase, coreDatabase } from '../../helpers/messaging';
import { startStubIssuer } from '../../helpers/stub-issuer';
import { until } from '../../helpers/until';

const root = resolve(__dirname, '../../..');
const run = promisify(execFile);
/** Docker's name of this machine's processor. */
const processor = process.arch === 'x64' ? 'amd64' : process.arch;
const mebibyte = 1_048_576;
/** What the tree of each image may have, beside Node and the system: the processor of Fargate tasks, and its other. */
const largest: Readonly<Record<ServiceName, number>> = {
  core: 6 * mebibyte,
  'enterprise-info': 12 * mebibyte,
  predict: 60 * mebibyte,
  'predict-registry': 60 * mebibyte,
};
const names: readonly ServiceName[] = ['core', 'enterprise-info', 'predict', 'predict-registry'];

type Text<E> = Readonly<Partial<Record<keyof E, string>>>;
type Tree = { readonly folder: string; readonly image: ImageFile };

let scratch: string;
let database: CoreDatabase;
let issuer: Awaited<ReturnType<typeof startStubIssuer>>;
let environments: Readonly<Record<ServiceName, Readonly<Record<string, string | undefined>>>>;
const trees = new Map<ServiceName, Tree>();
const running: ChildProcess[] = [];

const treeOf = (name: ServiceName): Tree => trees.get(name) as Tree;
const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
};

beforeAll(async () => {
  const { bundleImages } = await import('../../../scripts/bundle-images.mjs');
  const contexts: Record<string, string> = await bundleImages(root);
  scratch = await mkdtemp(join(tmpdir(), 'kolate-images-'));
  for (const name of names) {
    const context = contexts[name] ?? '';
    const image = await readImageFile(join(context, 'Dockerfile'), { TARGETARCH: processor });
    const folder = join(scratch, name);
    await makeImageTree(context, image, folder);
    trees.set(name, { folder, image });
  }
  [database, issuer, environments] = await (async () => {
    const [made, stub] = await Promise.all([coreDatabase(), startStubIssuer()]);
    return [made, stub, await environmentsOf(made.url, stub.issuer)] as const;
  })();
}, 180_000);

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await issuer.stop();
  await database.drop();
  await rm(scratch, { recursive: true, force: true });
});

async function environmentsOf(postgresUrl: string, issuerUrl: string) {
  const [kafka, s3] = await Promise.all([testKafka(), testS3()]);
  await kafka.createTopics(allTopics().map(({ name }) => name));
  const bucket = await s3.createBucket();
  const secrets = join(scratch, 'secrets');
  await mkdir(secrets, { mode: 0o700 });
  const shared = {
    KOLATE_ISSUER_URL: issuerUrl,
    KOLATE_KAFKA_BROKERS: kafka.brokers,
    KOLATE_POSTGRES_URL: postgresUrl,
  };
  const stores = {
    KOLATE_S3_ENDPOINT: s3.endpoint,
    KOLATE_S3_REGION: s3.region,
    KOLATE_SECRETS: `files:${secrets}`,
    KOLATE_MODELS_BUCKET: bucket,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  };
  const core: Text<CoreEnv> = shared;
  const info: Text<EnterpriseInfoEnv & AgentDriverEnv> = {
    ...shared,
    ...stores,
    KOLATE_TENANT_DRIVER: 'agent',
    KOLATE_STACK_AGENT_URL: 'http://127.0.0.1:9',
    KOLATE_STACK_AGENT_TOKEN: 'token-of-nobody-16',
    KOLATE_IDENTITY_ADMIN_URL: `${issuerUrl}/admin`,
    KOLATE_IDENTITY_ADMIN_TOKEN: 'token-of-nobody-16',
    KOLATE_EXPORTS_BUCKET: bucket,
    KOLATE_CURSOR_KEYS: 'key-of-cursors-in-tests-of-32-chars',
  };
  const predict: Text<PredictEnv> = {
    ...shared,
    ...stores,
    KOLATE_GRPC_PORT: String(await freePort()),
    KOLATE_QUARANTINE_FILE: join(scratch, 'quarantine.json'),
  };
  const registry: Text<PredictRegistryEnv> = { ...shared, ...stores, KOLATE_CURSOR_KEYS: info.KOLATE_CURSOR_KEYS };
  return { core, 'enterprise-info': info, predict, 'predict-registry': registry };
}

/** As a container runs it, except that `/` is the tree's folder. */
const inTree = ({ folder }: Tree, words: readonly string[]): [string, string[]] => {
  const [program, ...args] = words;
  if (program !== 'node') throw new Error(`the image runs ${program}; expected node`);
  return [process.execPath, args.map((arg) => (arg.startsWith('/') ? join(folder, arg) : arg))];
};

async function start(name: ServiceName) {
  const tree = treeOf(name);
  const env = {
    ...environments[name],
    ...tree.image.env,
    KOLATE_PORT: String(await freePort()),
    PATH: process.env.PATH,
  };
  const workdir = join(scratch, `${name}-workdir`);
  await mkdir(workdir);
  const child = spawn(...inTree(tree, tree.image.command), { cwd: workdir, env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part));
  const isHealthy = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`${name} has ended: ${output}`);
    return run(...inTree(tree, tree.image.healthcheck), { env, cwd: workdir }).then(
      () => true,
      () => false,
    );
  };
  return { child, env, workdir, isHealthy, output: () => output, tree };
}

describe.each(names)('the image of %s', (name) => {
  it('passes its health check and is ready in an empty folder with nothing but Node, writes nowhere, and drains', async () => {
    const { child, env, workdir, isHealthy, output, tree } = await start(name);
    const before = await readdir(tree.folder, { recursive: true });
    expect(await isHealthy()).toBe(false);
    await until(isHealthy, 60_000, output);
    const ready = await fetch(`http://127.0.0.1:${env.KOLATE_PORT}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', failed: [] }]);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await readdir(tree.folder, { recursive: true })).toEqual(before);
    expect(await readdir(workdir)).toEqual([]);
    await expect(isHealthy()).rejects.toThrow('has ended');
  }, 120_000);

  it('says where in the sources an error comes from', async () => {
    const tree = treeOf(name);
    const [program, args] = inTree(tree, tree.image.command);
    const failed = await run(program, args, { env: { PATH: process.env.PATH } }).catch(
      (error: { stderr: string }) => error,
    );
    expect(failed.stderr).toMatch(/src\/platform\/config\/read-env\.ts:\d+/);
  });

  it('holds nothing of another processor and stays small', async () => {
    const { folder } = treeOf(name);
    const size = await sizeOf(folder);
    expect(size).toBeLessThan(largest[name]);
    const other = processor === 'amd64' ? /linux\/arm64|darwin|win32/ : /linux\/x64|darwin|win32/;
    expect((await readdir(folder, { recursive: true })).filter((path) => other.test(path))).toEqual([]);
  });

  it('runs as nobody, from a base that is pinned by its digest, with all else copied from the build', () => {
    const { user, baseImages, fromStages, command } = treeOf(name).image;
    expect(user).toBe('10001:10001');
    expect(baseImages).toEqual([expect.stringMatching(/node:24\.\d+\.\d+-\w+-slim@sha256:[0-9a-f]{64}$/), 'scratch']);
    expect(fromStages).toEqual([['/', '/']]);
    expect(command[0]).toBe('node');
  });
});

it.each(['predict', 'predict-registry'] as const)(
  '%s has the program of model processes with its runtime',
  async (name) => {
    const programPath = join(treeOf(name).folder, 'app/dist/src/services/predict/inference/model-process.js');
    const host = startModelProcess(linearModel(), { programPath, memoryLimitBytes: 256 * mebibyte });
    try {
      await host.ready;
      expect(await host.ask({ kind: 'trial' }, 20_000)).toMatchObject({ kind: 'tried' });
    } finally {
      host.kill();
    }
  },
  60_000,
);
