import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { KolateError } from '../../contracts/errors';
import { enginePorts, memberCounts, tenantMemberHosts } from '../../contracts/tenant-hosts';
import { findStack } from '../tenancy/cloudformation/cloudformation-client';
import type { StackOwner, TenantStores } from './rotate-tenant-stores';

/**
 * Where a tenant's stores are, by the parameters of its stack: it may be in the making still, and have no outputs.
 * @throws KolateError KLT_CONFIG_INVALID where there is none, and as `findStack`
 */
export async function findTenantStores(
  client: CloudFormationClient,
  { tenantId, tier }: StackOwner,
): Promise<TenantStores> {
  const name = `kolate-tenant-${tenantId}-${tier}`;
  const stack = await findStack(client, name);
  if (!stack) throw new KolateError('KLT_CONFIG_INVALID', `there is no stack ${name}`);
  const given = stack.Parameters?.find(({ ParameterKey }) => ParameterKey === 'Members')?.ParameterValue;
  const members = memberCounts.find((count) => String(count) === given) ?? 1;
  const { postgres, mongo, valkey: redis } = enginePorts;
  return { hosts: tenantMemberHosts(tenantId, members), ports: { postgres, mongo, redis } };
}
