import { listTenants, revealClientSecret, type Tenant } from '../src/contracts/http/tenants';
import { CliError, exitCodes, refusal } from './cli-error';
import type { CredentialStore, TenantCredentials } from './credential-store';
import type { Api } from './http-client';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
export const isUuid = (text: string): boolean => uuid.test(text);

/** A tenant by slug. @throws CliError refused when there is none */
export async function tenantBySlug(api: Api, slug: string): Promise<Partial<Tenant> & { id: string; slug: string }> {
  const { body } = await api.call(listTenants, { query: { filter: `slug:${slug}`, limit: 10 } });
  const found = body.items.find((tenant) => tenant.slug === slug && tenant.state !== 'deleted');
  if (found?.id) return { ...found, id: found.id, slug };
  throw refusal(404, {
    title: 'No such tenant',
    code: 'KLT_TENANT_NOT_FOUND',
    detail: `no tenant has the slug ${slug}`,
    hint: 'kolate tenant list shows them',
  });
}

/** The id of a tenant that a person named by slug or by id. */
export const tenantIdOf = async (api: Api, slugOrId: string): Promise<string> =>
  isUuid(slugOrId) ? slugOrId : (await tenantBySlug(api, slugOrId)).id;

/** Takes the client's secret from the API, which shows it once, and keeps it here. */
export async function revealAndKeep(
  api: Api,
  store: CredentialStore,
  tenant: { readonly id: string; readonly slug: string },
): Promise<TenantCredentials> {
  const { body } = await api.call(revealClientSecret, { params: { tenantId: tenant.id } });
  const credentials = { id: tenant.id, slug: tenant.slug, ...body };
  await store.keepTenant(credentials);
  return credentials;
}

/** The client of a tenant: kept here, else revealed as an operator where it has not been shown to anybody yet. */
export async function learnTenantCredentials(
  slugOrId: string,
  store: CredentialStore,
  operator: () => Promise<Api>,
): Promise<TenantCredentials> {
  const { tenants } = await store.read();
  const kept = Object.values(tenants).find(({ id, slug }) => slugOrId === slug || slugOrId === id);
  if (kept) return kept;
  const api = await operator();
  const tenant = isUuid(slugOrId) ? { id: slugOrId, slug: slugOrId } : await tenantBySlug(api, slugOrId);
  return revealAndKeep(api, store, tenant).catch((error: unknown) => {
    if (!(error instanceof CliError) || error.problem.code !== 'KLT_SECRET_ALREADY_SHOWN') throw error;
    throw new CliError(exitCodes.refused, {
      ...error.problem,
      hint: `kolate tenant rotate-secret ${slugOrId} makes a new one; the old one ends`,
    });
  });
}
