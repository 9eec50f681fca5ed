import type { Command } from 'commander';
import {
  getTenant,
  listTenants,
  resumeTenant,
  rotateClientSecret,
  suspendTenant,
  type Tenant,
  updateTenant,
} from '../../src/contracts/http/tenants';
import type { Bind, Result } from '../bind';
import { usageError } from '../cli-error';
import { type ListOptions, listOptions, listQuery, withCursor } from '../options';
import { renderFields, renderTable } from '../table';
import { learnTenantCredentials, tenantIdOf } from '../tenant-credentials';
import { addTenantLifecycle } from './tenant-lifecycle';
import { addTenantPlan } from './tenant-plan';

const columns = [
  ['slug', (tenant: Partial<Tenant>) => tenant.slug],
  ['name', (tenant: Partial<Tenant>) => tenant.name],
  ['tier', (tenant: Partial<Tenant>) => tenant.tier],
  ['state', (tenant: Partial<Tenant>) => tenant.state],
  ['created', (tenant: Partial<Tenant>) => tenant.createdAt],
  ['id', (tenant: Partial<Tenant>) => tenant.id],
] as const;

const shown = (tenant: Tenant): Result => ({
  document: tenant,
  text: renderFields({ ...tenant, version: String(tenant.version) }),
});

export function addTenantCommands(program: Command, bind: Bind): void {
  const tenant = program.command('tenant').description('onboard, show and change tenants (as an operator)');
  addTenantPlan(tenant, bind);
  addTenantLifecycle(tenant, bind);
  addReads(tenant, bind);
  addChanges(tenant, bind);
  addCredentials(tenant, bind);
}

function addReads(tenant: Command, bind: Bind): void {
  const list = tenant.command('list').description('list tenants');
  for (const option of listOptions()) list.addOption(option);
  list.action(
    bind(async (context, _args, options: ListOptions) => {
      const { body } = await (await context.operator()).call(listTenants, { query: listQuery(options) });
      return { document: body, text: withCursor(renderTable(columns, body.items, 'no tenants'), body.nextCursor) };
    }),
  );
  tenant
    .command('show <tenant>')
    .description('show a tenant, by slug or id')
    .action(
      bind(async (context, [name = '']) => {
        const api = await context.operator();
        return shown((await api.call(getTenant, { params: { tenantId: await tenantIdOf(api, name) } })).body);
      }),
    );
}

function addChanges(tenant: Command, bind: Bind): void {
  tenant
    .command('update <tenant>')
    .description('change name or contact')
    .option('--name <name>', 'what people call it')
    .option('--contact <email>', 'whom to write to')
    .action(
      bind(async (context, [name = ''], { name: newName, contact }: { name?: string; contact?: string }) => {
        if (!newName && !contact) throw usageError('nothing to change', 'give --name or --contact');
        const api = await context.operator();
        const params = { tenantId: await tenantIdOf(api, name) };
        const { headers } = await api.call(getTenant, { params });
        const { body } = await api.call(updateTenant, {
          params,
          headers: { 'if-match': headers.get('etag') ?? '*' },
          body: { ...(newName ? { name: newName } : {}), ...(contact ? { contact } : {}) },
        });
        return shown(body);
      }),
    );
  for (const [verb, route, description] of [
    ['suspend', suspendTenant, 'refuse its requests until it is resumed; its data stay'],
    ['resume', resumeTenant, 'serve it again'],
  ] as const) {
    tenant
      .command(`${verb} <tenant>`)
      .description(description)
      .action(
        bind(async (context, [name = '']) => {
          const api = await context.operator();
          return shown((await api.call(route, { params: { tenantId: await tenantIdOf(api, name) } })).body);
        }),
      );
  }
}

function addCredentials(tenant: Command, bind: Bind): void {
  tenant
    .command('use <tenant>')
    .description('make it the tenant that commands act for when none is named')
    .action(
      bind(async (context, [name = '']) => {
        const { store } = await context.connection();
        const { slug } = await learnTenantCredentials(name, store, context.operator);
        await store.use(slug);
        return { document: { tenant: slug }, text: `commands now act for ${slug}` };
      }),
    );
  tenant
    .command('rotate-secret <tenant>')
    .description('replace the secret of its OAuth client, show the new one and keep it here')
    .action(
      bind(async (context, [name = '']) => {
        const api = await context.operator();
        const { store } = await context.connection();
        const id = await tenantIdOf(api, name);
        const { slug } = (await api.call(getTenant, { params: { tenantId: id } })).body;
        const { body } = await api.call(rotateClientSecret, { params: { tenantId: id } });
        await store.keepTenant({ id, slug, ...body });
        return { document: body, text: renderFields(body) };
      }),
    );
}
