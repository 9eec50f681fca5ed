import { KolateError } from '../../../src/contracts/errors';
import { defaultModelSettings } from '../../../src/contracts/http/models';
import type { Postgres } from '../../../src/platform/postgres/create-postgres';
import { createSql } from '../../../src/platform/postgres/sql';
import { createCatalogue } from '../../../src/services/predict/catalogue/create-catalogue';

/** A tenant's database that knows versions by reference, and waits where it is told to. */
function setUp(options: { maxEntries?: number; negativeMs?: number } = {}) {
  const served = new Map<string, string>([['', '1']]);
  const state = { queries: 0, open: true, gate: Promise.resolve() };
  const sql = createSql('tenant', async (_text, [, reference]) => {
    state.queries++;
    const version = served.get(String(reference ?? ''));
    await state.gate;
    const row = {
      settings: defaultModelSettings,
      id: version ?? null,
      version: version ?? null,
      state: 'ready',
      quarantineReason: null,
    };
    return { rows: [row], rowCount: 1, command: '', oid: 0, fields: [] } as never;
  });
  const clock = { now: 0 };
  const catalogue = createCatalogue({
    openDatabase: async () => {
      if (!state.open) throw new KolateError('KLT_TENANT_INACTIVE', 'suspended');
      return { sql } as Postgres<'tenant'>;
    },
    blobs: { get: async () => undefined },
    now: () => clock.now,
    ...options,
  });
  return { catalogue, served, state, clock };
}

describe('the catalogue', () => {
  it('asks the database once, and answers without a promise from then on', async () => {
    const { catalogue, state } = setUp();
    const [one, two] = await Promise.all([catalogue.resolve('t', 'm'), catalogue.resolve('t', 'm')]);
    expect(one).toBe(two);
    for (let n = 0; n < 3; n++) expect(catalogue.resolve('t', 'm')).toBe(one);
    expect(state.queries).toBe(1);
  });

  it('keeps tenants, models and references apart', async () => {
    const { catalogue, served, state } = setUp();
    served.set('alias', '2');
    await Promise.all([
      catalogue.resolve('t', 'm'),
      catalogue.resolve('t', 'm', 'alias'),
      catalogue.resolve('u', 'm'),
      catalogue.resolve('t', 'n'),
    ]);
    expect(catalogue.resolve('t', 'm', 'alias')).toMatchObject({ tenantId: 't', model: 'm', version: '2' });
    expect(catalogue.resolve('u', 'm')).toMatchObject({ tenantId: 'u', version: '1' });
    expect(catalogue.resolve('t', 'n')).toMatchObject({ model: 'n' });
    expect(state.queries).toBe(4);
  });

  it.each([
    ['the model', (catalogue: ReturnType<typeof createCatalogue>) => catalogue.forgetModel('t', 'm')],
    ['the tenant', (catalogue: ReturnType<typeof createCatalogue>) => catalogue.forgetTenant('t')],
    ['everything', (catalogue: ReturnType<typeof createCatalogue>) => catalogue.forgetAll()],
  ])('asks anew after it was told to forget %s', async (_what, forget) => {
    const { catalogue, served } = setUp();
    await catalogue.resolve('t', 'm');
    await catalogue.resolve('t', 'm');
    served.set('', '2');
    forget(catalogue);
    expect(await catalogue.resolve('t', 'm')).toMatchObject({ version: '2' });
  });

  it('forgets nothing else', async () => {
    const { catalogue, state } = setUp();
    await Promise.all([catalogue.resolve('t', 'm'), catalogue.resolve('t', 'mm'), catalogue.resolve('tt', 'm')]);
    catalogue.forgetModel('t', 'm');
    await Promise.all([catalogue.resolve('t', 'mm'), catalogue.resolve('tt', 'm')]);
    expect(state.queries).toBe(3);
  });

  it('does not keep what was read before something changed', async () => {
    const { catalogue, served, state } = setUp();
    let open = (): void => undefined;
    state.gate = new Promise((resolve) => {
      open = resolve;
    });
    const early = catalogue.resolve('t', 'm');
    await new Promise(setImmediate);
    served.set('', '2');
    catalogue.forgetModel('t', 'm');
    const late = catalogue.resolve('t', 'm');
    open();
    expect(await early).toMatchObject({ version: '1' });
    expect(await late).toMatchObject({ version: '2' });
    expect(await catalogue.resolve('t', 'm')).toMatchObject({ version: '2' });
  });

  it('remembers for a moment that there is none', async () => {
    const { catalogue, served, state, clock } = setUp({ negativeMs: 100 });
    for (let n = 0; n < 3; n++) {
      await expect(catalogue.resolve('t', 'm', 'nope')).rejects.toMatchObject({ code: 'KLT_MODEL_NOT_FOUND' });
    }
    expect(state.queries).toBe(1);
    served.set('nope', '3');
    clock.now = 101;
    expect(await catalogue.resolve('t', 'm', 'nope')).toMatchObject({ version: '3' });
  });

  it('refuses a tenant that was suspended, however well its models are known', async () => {
    const { catalogue, state } = setUp();
    await catalogue.resolve('t', 'm');
    await catalogue.resolve('t', 'm');
    state.open = false;
    catalogue.forgetTenant('t');
    await expect(catalogue.resolve('t', 'm')).rejects.toMatchObject({ code: 'KLT_TENANT_INACTIVE' });
  });

  it('keeps a bounded number of answers, those that are used rather than others', async () => {
    const { catalogue, state } = setUp({ maxEntries: 10 });
    await catalogue.resolve('t', 'kept');
    for (let n = 0; n < 50; n++) {
      await catalogue.resolve('t', `m${n}`);
      await catalogue.resolve('t', 'kept');
    }
    expect(catalogue.stats().entries).toBeLessThanOrEqual(10);
    expect(state.queries).toBeLessThan(60);
  });
});
