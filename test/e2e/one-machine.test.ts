import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessStatus } from '../../src/contracts/home';
import { documentedCommands } from '../helpers/documented-commands';
import { createOneMachine, type OneMachine } from '../helpers/one-machine';
import { until } from '../helpers/until';

jest.setTimeout(300_000);

let machine: OneMachine;

beforeAll(async () => {
  machine = await createOneMachine();
  const started = await machine.start();
  if (started.exitCode !== 0) throw new Error(started.output);
  expect(started.output).toContain('Kolate is ready');
  expect(started.output).toContain('24 of 24 held-out rows');
});

afterAll(async () => {
  await machine.npm('stop', '--reset');
  await machine.remove();
});

const allHealthy = async (): Promise<boolean> => {
  const { ready, processes } = await machine.status();
  return ready && processes.every(({ healthy }) => healthy);
};

const irisRows = '[[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]]';

describe('a platform that was started with npm start', () => {
  it('says where it is, in a file of the owner', async () => {
    const { mode } = await stat(join(machine.home, 'endpoints.json'));
    expect(mode & 0o077).toBe(0);
    const { default: endpoints } = await import(join(machine.home, 'endpoints.json'));
    expect(endpoints).toMatchObject({ gateway: `http://127.0.0.1:${machine.port}`, issuer: expect.any(String) });
  });

  it('tells every process with its port, memory, restarts and health, and stays within its memory', async () => {
    const { exitCode, document } = await machine.kolate('status');
    expect(exitCode).toBe(0);
    const names = document.processes.map(({ name }: ProcessStatus) => name);
    expect(names).toEqual(expect.arrayContaining(['kafka', 'gateway', 'predict', 'core', 'issuer', 's3']));
    expect(document.processes.every(({ memoryBytes }: ProcessStatus) => (memoryBytes ?? 0) > 1_000_000)).toBe(true);
    expect(document.memoryBytes).toBeLessThan(1.6e9);
  });

  it('is left alone by a second start, which says that it runs', async () => {
    const second = await machine.start();
    expect(second).toMatchObject({ exitCode: 0, output: expect.stringContaining('is running') });
  });

  it('serves what a new user types: a tenant, a model, a prediction and its record', async () => {
    const created = await machine.kolate('tenant create acme --tier dedicated --contact ops@acme.example --wait');
    expect(created).toMatchObject({ exitCode: 0, document: { tenant: { state: 'active', tier: 'dedicated' } } });
    const file = 'models/samples/iris-classifier.onnx';
    const pushed = await machine.kolate(`model push ${file} --name iris --alias default --wait --tenant acme`);
    expect(pushed).toMatchObject({ exitCode: 0, document: { state: 'ready', alias: 'default' } });
    const predicted = await machine.kolate('predict --model iris --data - --tenant acme', irisRows);
    expect(predicted).toMatchObject({ exitCode: 0, document: { model_name: 'iris' } });
    expect(predicted.document.outputs[0]).toMatchObject({ name: 'label', shape: [2], data: [0, 2] });
    const records = await until(async () => {
      const { document } = await machine.kolate('predictions list --tenant acme');
      return document.items.length > 0 ? document.items : undefined;
    });
    expect(records).toEqual([expect.objectContaining({ model: 'iris', rows: 2 })]);
  });

  it('answers a refusal as one problem document, with the exit code of a refusal', async () => {
    const refused = await machine.kolate('tenant create acme --contact ops@acme.example');
    expect(refused).toMatchObject({ exitCode: 3, document: { status: 409, code: 'KLT_TENANT_SLUG_TAKEN' } });
  });
});

describe('what the documents tell to type', () => {
  const documents = ['README.md', 'CONTRIBUTING.md', 'docs/command-line.md', 'docs/benchmarks.md'].map(
    documentedCommands,
  );
  /** What is not run here, and why. */
  const elsewhere: readonly (readonly [RegExp, string])[] = [
    [
      /^npm start|^npm stop/,
      'the whole of this file begins and ends with them; flags: home.test.ts, arguments.test.ts',
    ],
    [/^npm test|^npm run check/, 'they are what runs here'],
    [
      /^npm run (synth|bench|cost|deploy|snapshots|diagram|tenant-template)|^npx cdk/,
      'it takes minutes, or an account, or writes here: deploy-guide.test.ts',
    ],
    [/kolate login$/, 'it needs a browser: login.test.ts'],
    [/--env /, 'it needs an account'],
  ];
  const isRunHere = (command: string): boolean => !elsewhere.some(([pattern]) => pattern.test(command));
  const lines = documents.flatMap((document) => document.lines).filter(isRunHere);
  const mentions = [...new Set(documents.flatMap((document) => document.mentions))].filter(isRunHere);

  it('works, line by line', async () => {
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines) {
      const typed = line.replaceAll('acme', 'reader').replace(/^curl /, 'curl -fsS ');
      expect([typed, await machine.shell(typed)]).toEqual([typed, { exitCode: 0, output: expect.stringMatching(/./) }]);
    }
  });

  it.each(mentions)('is there: %s', async (command) => {
    const typed = command.replace('<command>', 'tenant').replace('~/.config', '"$XDG_CONFIG_HOME"');
    // A command that is only named is asked for its help, which begins with its name.
    const named = /^(?:npx )?(kolate(?: [a-z]+(?:-[a-z]+)*)*)(?: --help)?$/.exec(typed)?.[1];
    const ran = await machine.shell(
      named ? `npx ${named} --help` : `mkdir -p "$XDG_CONFIG_HOME/fish/completions"; ${typed}`,
    );
    expect(ran).toEqual({ exitCode: 0, output: expect.stringContaining(named ? `Usage: ${named} ` : '') });
  });

  it('says nothing to a reader who has seen enough', async () => {
    // A pipe that fails answers with what failed first in it; npm warns on standard error of what it does not know.
    const { exitCode, output } = await machine.shell('npm run --silent openapi 2>&1 | head -n 3 | grep -v "^npm warn"');
    expect([exitCode, output]).toEqual([0, expect.stringContaining('"openapi": "3.1')]);
    expect(output).not.toContain('EPIPE');
  });
});

describe('a process that is killed during an onboarding', () => {
  const victims = [
    ['postgres', 'pool'],
    ['document-postgres', 'pool'],
    ['document', 'pool'],
    ['valkey', 'pool'],
    ['kafka', 'pool'],
    ['s3', 'pool'],
    ['issuer', 'pool'],
    ['core', 'dedicated'],
    ['predict', 'pool'],
    ['predict-registry', 'pool'],
    ['gateway', 'pool'],
  ] as const;

  it.each(victims)('%s comes back, and the onboarding ends well, once', async (name, tier) => {
    const before = await machine.processNamed(name);
    const slug = `without-${name}`;
    const created = await machine.kolate(`tenant create ${slug} --tier ${tier} --contact ops@acme.example`);
    expect(created.exitCode).toBe(0);
    process.kill(before.pid ?? 0, 'SIGKILL');

    const { operationId, tenantId } = created.document;
    const operation = await until(async () => {
      const { document } = await machine.kolate(`operation show ${operationId}`);
      return ['succeeded', 'failed', 'cancelled'].includes(document.status) ? document : undefined;
    }, 120_000);
    expect([operation.status, operation.cause]).toEqual(['succeeded', undefined]);
    const after = await until(async () => {
      const now = await machine.processNamed(name);
      return now.healthy ? now : undefined;
    }, 60_000);
    expect(after.pid).not.toBe(before.pid);
    expect(after.restarts).toBeGreaterThan(before.restarts);
    const { document } = await machine.kolate(`tenant list --filter slug:${slug}`);
    expect(document.items).toEqual([expect.objectContaining({ id: tenantId, state: 'active' })]);
    const listed = await until(async () => {
      const answer = await machine.kolate(`model list --tenant ${slug}`);
      return answer.exitCode === 0 ? answer : undefined;
    });
    expect(listed.document.items).toEqual([]);
  });
});

describe('the supervisor', () => {
  const state = async () => {
    const tenants = (await machine.kolate('tenant list')).document.items;
    const models = (await machine.kolate('model list --tenant acme')).document.items;
    const predictions = (await machine.kolate('predictions list --tenant acme')).document.items;
    return { tenants, models, predictions };
  };

  it('loses nothing when it is killed: the next start has the same tenants, models and predictions', async () => {
    await until(allHealthy, 60_000);
    const before = await state();
    const created = await machine.kolate('tenant create interrupted --contact ops@acme.example');
    const { pid } = await machine.status();
    process.kill(pid, 'SIGKILL');

    const started = await machine.start();
    expect(started).toMatchObject({
      exitCode: 0,
      output: expect.stringContaining('ended what an earlier run had left'),
    });

    const watched = await machine.kolate(`operation watch ${created.document.operationId}`);
    expect(watched).toMatchObject({ exitCode: 0, document: { status: 'succeeded' } });
    const after = await state();
    const known = after.tenants.filter(({ slug }: { slug: string }) => slug !== 'interrupted');
    expect(known).toEqual(before.tenants);
    expect(after.models).toEqual(before.models);
    expect(after.predictions).toEqual(before.predictions);
    const predicted = await machine.kolate('predict --model iris --data - --tenant acme', irisRows);
    expect(predicted).toMatchObject({ exitCode: 0 });
  });

  it('stops everything when it is told to, and leaves no process', async () => {
    const stopped = await machine.npm('stop');
    expect(stopped).toMatchObject({
      exitCode: 0,
      output: expect.stringMatching(/stopped the platform.*\d+ processes/),
    });
    expect(await machine.left()).toEqual([]);
    expect(await machine.kolate('status')).toMatchObject({ exitCode: 4 });
  });
});
