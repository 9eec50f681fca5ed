import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type HandlerName, handlerEnvs } from '../../../src/contracts/env/handler-envs';
import { handlerBundle } from '../../helpers/handler-bundle';

const maxBytes = 1_000_000;

/** What each reads at its start. */
const starts: Readonly<Record<HandlerName, Readonly<Record<string, string>>>> = {
  authorizer: { KOLATE_ISSUER_URL: 'https://issuer.example.com', KOLATE_USAGE_KEYS_OF: 'any' },
  'main-job': { KOLATE_ENV: 'prod', KOLATE_MAIN_JOB_TENANT: 'main-job' },
  'pre-token': { KOLATE_CLIENT_TABLE: 'clients', KOLATE_OPERATOR_CLIENT_PARAMETER: '/operator' },
  'rotate-client-secret': { KOLATE_USER_POOL_ID: 'any', KOLATE_TOKEN_URL: 'https://sign-in.example.com/oauth2/token' },
  'rotate-cursor-keys': {},
  'rotate-secret': {},
  'rotate-tenant-stores': {},
  'run-migrations': {},
  'stack-events': { KOLATE_KAFKA_BROKERS: '127.0.0.1:9' },
};
const ofTheRuntime = resolve('node_modules');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kolate-handlers-'));
  cpSync(dirname(dirname(handlerBundle('authorizer'))), folder, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the bundles of the functions', () => {
  it('are those of the contracts', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(handlerEnvs).sort());
  });

  it.each(Object.keys(handlerEnvs))('are a megabyte at most each: %s', (name) => {
    expect(readdirSync(join(folder, name))).toEqual(['index.js']);
    expect(statSync(join(folder, name, 'index.js')).size).toBeLessThanOrEqual(maxBytes);
  });

  it.each(Object.entries(starts))('start with Node and the SDK of the runtime, and nothing else: %s', (name, env) => {
    // Everything but AWS' own clients, which are in NODE_PATH there too, has to be in the file.
    const check = `
      const { Module } = require('node:module');
      const load = Module._load;
      Module._load = (id, ...rest) => {
        const isThere = /^(node:|\\/)/.test(id) || Module.isBuiltin(id);
        if (isThere || /node_modules/.test(rest[0]?.filename ?? '')) return load(id, ...rest);
        if (/^@aws-sdk\\/client-(secrets-manager|kafka|cognito-identity-provider|cloudformation)$/.test(id)) return load(id, ...rest);
        throw Object.assign(new Error('not in the bundle: ' + id), { code: 'MODULE_NOT_FOUND' });
      };
      const { handler } = require(process.argv[1]);
      process.stdout.write(typeof handler);
      process.exit(0);`;
    const said = execFileSync(process.execPath, ['-e', check, join(folder, name, 'index.js')], {
      encoding: 'utf8',
      timeout: 20_000,
      env: { ...env, NODE_PATH: ofTheRuntime, AWS_REGION: 'us-east-1', PATH: process.env.PATH },
    });
    expect(said).toBe('function');
  });

  it('do not start without what their contract asks for, and say what is missing', () => {
    const start = () =>
      execFileSync(process.execPath, [join(folder, 'pre-token', 'index.js')], {
        env: { AWS_REGION: 'us-east-1' },
        encoding: 'utf8',
        stdio: 'pipe',
      });
    expect(start).toThrow(/KOLATE_CLIENT_TABLE/);
  });
});
