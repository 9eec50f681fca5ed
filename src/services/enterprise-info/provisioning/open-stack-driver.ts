import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { EnterpriseInfoEnv } from '../../../contracts/env/enterprise-info-env';
import { AgentDriverEnv, CloudFormationDriverEnv } from '../../../contracts/env/tenant-driver-env';
import { tierNames } from '../../../contracts/http/tenants';
import { readEnv } from '../../../platform/config/read-env';
import { findSecretArn } from '../../../platform/secrets/find-secret-arn';
import { createCloudFormationClient } from '../../../platform/tenancy/cloudformation/cloudformation-client';
import { createCloudFormationStackDriver } from '../../../platform/tenancy/cloudformation/create-cloudformation-stack-driver';
import { createAgentStackDriver } from '../../../platform/tenancy/create-agent-stack-driver';
import type { TenantStackDriver } from '../../../platform/tenancy/tenant-stack-driver';
import { secretNames } from '../secret-names';

export type OpenDriver = { readonly driver: TenantStackDriver; readonly availableTiers: readonly string[] };
type Text = Readonly<Record<string, string | undefined>>;

/** The driver that the environment names, and the tiers that it can build. @throws KolateError KLT_CONFIG_INVALID */
export function openStackDriver({ KOLATE_TENANT_DRIVER, KOLATE_S3_REGION }: EnterpriseInfoEnv, env: Text): OpenDriver {
  return KOLATE_TENANT_DRIVER === 'agent' ? openAgent(env) : openCloudFormation(env, KOLATE_S3_REGION);
}

function openAgent(env: Text): OpenDriver {
  const { KOLATE_STACK_AGENT_URL: url, KOLATE_STACK_AGENT_TOKEN: token } = readEnv(AgentDriverEnv, env);
  return { driver: createAgentStackDriver({ url, token }), availableTiers: tierNames };
}

/** A stack for each tenant: what shares engines with others is not made by stacks. */
function openCloudFormation(env: Text, region: string): OpenDriver {
  const { KOLATE_TENANT_TEMPLATE_URL: url, KOLATE_PROVISIONING_ROLE_ARN: roleArn } = readEnv(
    CloudFormationDriverEnv,
    env,
  );
  const secrets = new SecretsManagerClient({ region, maxAttempts: 3 });
  const driver = createCloudFormationStackDriver({
    client: createCloudFormationClient({ region }),
    roleArn,
    async templateFor({ tier, tenantId }) {
      if (tier !== 'dedicated') return undefined;
      const CredentialsArn = await findSecretArn(secrets, secretNames.stores(tenantId, tier));
      return { url, parameters: { TenantId: tenantId, Tier: tier, CredentialsArn } };
    },
  });
  return { driver, availableTiers: ['dedicated'] };
}
