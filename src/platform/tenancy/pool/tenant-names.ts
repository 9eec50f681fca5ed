/** What a tenant's databases, users and keys are called: by its id alone, so that nobody chooses a name. */
export function tenantNames(tenantId: string) {
  const user = `t_${tenantId.replaceAll('-', '')}`;
  return { database: user, user, maintenanceUser: `${user}_maintenance`, keyPrefix: `t:${tenantId}:` };
}
export type TenantNames = ReturnType<typeof tenantNames>;
