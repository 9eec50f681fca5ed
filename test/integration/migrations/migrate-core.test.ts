import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { writeOwnFile } from '../../../local/engines/own-files';
import { createPostgresEngine } from '../../../local/engines/postgres-engine';
import { makeImageTree, readImageFile } from '../../helpers/image-tree';
import { createOwnEngines, type OwnEngines } from '../../helpers/own-engines';
import { selfSigned } from '../../helpers/self-signed';

const root = resolve(__dirname, '../../..');
const password = 'of-the-administrator';
const roles = ['core', 'enterprise_info', 'predict'];
let own: OwnEngines;
let superuser: Client;
let scratch: string;
let adminUrl: string;
let authority: string;

/** PostgreSQL as RDS hands it over: TLS, and an administrator who may make roles and is no superuser. */
beforeAll(async () => {
  own = createOwnEngines();
  scratch = await mkdtemp(join(tmpdir(), 'kolate-test-migrations-'));
  const place = await own.place('postgres');
  const engine = createPostgresEngine({ ...place, password: 'of-the-superuser', durable: false });
  const tls = selfSigned();
  authority = tls.certificate;
  await writeFile(join(scratch, 'ca.pem'), tls.certificate);
  const [certificate, key] = [join(place.dir, '..', 'server.crt'), join(place.dir, '..', 'server.key')];
  await writeOwnFile(certificate, tls.certificate, own.paths.user);
  await writeOwnFile(key, tls.key, own.paths.user);
  const flags = ['ssl=on', `ssl_cert_file=${certificate}`, `ssl_key_file=${key}`].flatMap((flag) => ['-c', flag]);
  await own.start({ ...engine, spec: { ...engine.spec, args: [...engine.spec.args, ...flags] } });
  superuser = new Client({ connectionString: engine.endpoint.url });
  await superuser.connect();
  for (const statement of [
    `create role admin login createrole createdb password '${password}'`,
    'create role rds_iam',
    'grant rds_iam to admin with admin option',
    'create database kolate owner admin',
  ]) {
    await superuser.query(statement);
  }
  adminUrl = `postgresql://admin@localhost:${place.port}/kolate`;
  await makeImage();
}, 120_000);
afterAll(async () => {
  await superuser?.end();
  await own.end();
  await rm(scratch, { recursive: true, force: true });
});

/** What the image has, in an empty folder. */
async function makeImage(): Promise<void> {
  const { bundleImages } = await import('../../../scripts/bundle-images.mjs');
  const contexts: Record<string, string> = await bundleImages(root);
  const context = contexts.migrations ?? '';
  await makeImageTree(context, await readImageFile(join(context, 'Dockerfile')), scratch);
}

/** As the task that the deployment runs: nothing but Node, the image's files and its variables. */
const runTask = (variables: Readonly<Record<string, string>>) =>
  new Promise<{ code: number; log: string }>((done) => {
    const env = { KOLATE_POSTGRES_URL: adminUrl, KOLATE_POSTGRES_CA: join(scratch, 'ca.pem'), ...variables };
    const child = execFile(process.execPath, [join(scratch, 'app')], { cwd: scratch, env, timeout: 60_000 });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (log += chunk));
    child.on('exit', (code) => done({ code: code ?? -1, log }));
  });

async function appliedNames(): Promise<string[]> {
  const connectionString = adminUrl.replace('admin@', `admin:${password}@`);
  const client = new Client({ connectionString, ssl: { ca: authority } });
  await client.connect();
  const { rows } = await client.query('select name from public.kolate_migration order by name');
  await client.end();
  return rows.map(({ name }) => name);
}

it('fails without a password, and says so by its exit code', async () => {
  const { code, log } = await runTask({ KOLATE_POSTGRES_PASSWORD: 'wrong' });
  expect(code).toBe(1);
  expect(log).toContain('was not brought up to date');
  expect(log).not.toContain('wrong');
});

it('makes schemas and roles as an administrator who is no superuser, over TLS', async () => {
  const { code, log } = await runTask({ KOLATE_POSTGRES_PASSWORD: password });
  expect({ code, log }).toMatchObject({ code: 0 });
  expect(await appliedNames()).toEqual([
    '0001-schemas.sql',
    '0002-saga.sql',
    '0003-tenancy.sql',
    '0004-shared-cells.sql',
  ]);
});

it('lets the services’ roles sign in with tokens', async () => {
  const { rows } = await superuser.query(
    `select member::regrole::text as role from pg_auth_members
     where roleid = 'rds_iam'::regrole and member <> 'admin'::regrole order by 1`,
  );
  expect(rows.map(({ role }) => role)).toEqual(roles);
});

it('changes nothing when it runs again', async () => {
  const before = await appliedNames();
  const { code, log } = await runTask({ KOLATE_POSTGRES_PASSWORD: password });
  expect({ code, log }).toMatchObject({ code: 0 });
  expect(log).toContain('"applied":0');
  expect(await appliedNames()).toEqual(before);
});
