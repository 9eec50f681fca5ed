import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { EnterpriseInfoEnv } from '../../../contracts/env/enterprise-info-env';
import { AgentDriverEnv, CloudFormationDriverEnv } from '../../../contracts/env/tenant-driver-env';
import { tierNames } from '../../../contracts/http/tenants';
import { readEnv } from '../../../platform/config/read-env';
import { findSecretArn } from '../../../platform/secrets/find-secret-arn';
import type { SecretStore } from '../../../platform/secrets/secret-store';
import { createCloudFormationClient } from '../../../platform/tenancy/cloudformation/cloudformation-client';
import {
  type CloudFormationDriverOptions,
  createCloudFormationStackDriver,
} from '../../../platform/tenancy/cloudformation/create-cloudformation-stack-driver';
import { createAgentStackDriver } from '../../../platform/tenancy/create-agent-stack-driver';
import type { TenantStackDriver } from '../../../platform/tenancy/tenant-stack-driver';
import { secretNames } from '../secret-names';
import { withCertificates } from './with-certificates';

export type OpenDriver = { readonly driver: TenantStackDriver; readonly availableTiers: readonly string[] };
type Service = {
  readonly env: EnterpriseInfoEnv;
  readonly secrets: SecretStore;
  readonly waitForChange: CloudFormationDriverOptions['waitForChange'];
};
type Text = Readonly<Record<string, string | undefined>>;

/** The driver that the environment names, and the tiers that it can build. @throws KolateError KLT_CONFIG_INVALID */
export function openStackDriver(service: Service, env: Text): OpenDriver {
  return service.env.KOLATE_TENANT_DRIVER === 'agent' ? openAgent(env) : openCloudFormation(service, env);
}

function openAgent(env: Text): OpenDriver {
  const { KOLATE_STACK_AGENT_URL: url, KOLATE_STACK_AGENT_TOKEN: token } = readEnv(AgentDriverEnv, env);
  return { driver: createAgentStackDriver({ url, token }), availableTiers: tierNames };
}

/** A stack for each tenant: what shares engines with others is not made by stacks. */
function openCloudFormation(service: Service, env: Text): OpenDriver {
  const { KOLATE_S3_REGION: region } = service.env;
  const { KOLATE_TENANT_TEMPLATE_URL: url, KOLATE_PROVISIONING_ROLE_ARN: roleArn } = readEnv(
    CloudFormationDriverEnv,
    env,
  );
  const manager = new SecretsManagerClient({ region, maxAttempts: 3 });
  const driver = createCloudFormationStackDriver({
    client: createCloudFormationClient({ region }),
    roleArn,
    async templateFor({ tier, tenantId }) {
      if (tier !== 'dedicated') return undefined;
      const [CredentialsArn, TlsArn] = await Promise.all([
        findSecretArn(manager, secretNames.stores(tenantId, tier)),
        findSecretArn(manager, secretNames.tls(tenantId, tier)),
      ]);
      return { url, parameters: { TenantId: tenantId, Tier: tier, CredentialsArn, TlsArn } };
    },
    waitForChange: service.waitForChange,
  });
  return { driver: withCertificates(driver, service.secrets), availableTiers: ['dedicated'] };
}
