import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type AccountQuota, accountQuotas } from '../../../contracts/account-quotas';
import type { CellSpec } from '../../../contracts/cells';
import type { EnterpriseInfoEnv } from '../../../contracts/env/enterprise-info-env';
import { AgentDriverEnv, CloudFormationDriverEnv } from '../../../contracts/env/tenant-driver-env';
import { membersOf } from '../../../contracts/tenant-hosts';
import { readEnv } from '../../../platform/config/read-env';
import { awsFolder } from '../../../platform/secrets/create-secrets';
import { findSecretArn } from '../../../platform/secrets/find-secret-arn';
import type { SecretStore } from '../../../platform/secrets/secret-store';
import { createCloudFormationClient } from '../../../platform/tenancy/cloudformation/cloudformation-client';
import {
  type CloudFormationDriverOptions,
  createCloudFormationStackDriver,
} from '../../../platform/tenancy/cloudformation/create-cloudformation-stack-driver';
import { createAgentStackDriver } from '../../../platform/tenancy/create-agent-stack-driver';
import {
  createCloudWatchClient,
  createCloudWatchMeter,
  type MeasureTenants,
} from '../../../platform/tenancy/create-cloudwatch-meter';
import { createTieredStackDriver } from '../../../platform/tenancy/create-tiered-stack-driver';
import { createElastiCacheClient } from '../../../platform/tenancy/pool/elasticache-client';
import type { PlanTier, TenantStackDriver } from '../../../platform/tenancy/tenant-stack-driver';
import { secretNames } from '../secret-names';
import { openPoolDriver } from './open-pool-driver';
import { placeParameters, readCells } from './read-cells';
import { readTierPlans } from './read-tier-plans';
import { withCertificates } from './with-certificates';

export type OpenDriver = {
  readonly driver: TenantStackDriver;
  readonly availableTiers: readonly string[];
  readonly planTier: PlanTier;
  /** What tenants of shared cells take; absent where there are none. */
  readonly measure?: MeasureTenants;
  readonly cells: readonly CellSpec[];
  /** Of the account that the driver makes stacks in. */
  readonly quotas: readonly AccountQuota[];
};
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
  const driver = createAgentStackDriver({ url, token });
  return { driver, availableTiers: ['pool', 'dedicated'], planTier: driver.plan, cells: [], quotas: [] };
}

/** A stack for each tenant, but for those of the pool: they have a place in the platform's own engines. */
function openCloudFormation(service: Service, env: Text): OpenDriver {
  const { KOLATE_S3_REGION: region } = service.env;
  const folder = awsFolder(service.env.KOLATE_SECRETS);
  const driverEnv = readEnv(CloudFormationDriverEnv, env);
  const { KOLATE_TENANT_TEMPLATE_URL: url, KOLATE_PROVISIONING_ROLE_ARN: roleArn } = driverEnv;
  const cells = readCells(driverEnv.KOLATE_SHARED_CELLS);
  const stackTiers = cells.length > 0 ? ['shared-cell', 'dedicated'] : ['dedicated'];
  const manager = new SecretsManagerClient({ region, maxAttempts: 3 });
  const stacks = createCloudFormationStackDriver({
    client: createCloudFormationClient({ region }),
    roleArn,
    async templateFor({ tier, tenantId, place }) {
      if (!stackTiers.includes(tier)) return undefined;
      const [CredentialsArn, TlsArn] = await Promise.all([
        findSecretArn(manager, `${folder}/${secretNames.stores(tenantId, tier)}`),
        findSecretArn(manager, `${folder}/${secretNames.tls(tenantId, tier)}`),
      ]);
      const common = { TenantId: tenantId, Tier: tier, CredentialsArn, TlsArn, Members: String(membersOf(tier)) };
      return { url, parameters: { ...common, ...placeParameters(tier, place) } };
    },
    waitForChange: service.waitForChange,
  });
  const own = withCertificates(stacks, service.secrets);
  const pool = openPoolDriver(driverEnv, { secrets: manager, cache: createElastiCacheClient({ region }) });
  const driverOf = { pool, ...Object.fromEntries(stackTiers.map((tier) => [tier, own])) };
  return {
    driver: createTieredStackDriver(driverOf),
    availableTiers: Object.keys(driverOf),
    ...{ cells, quotas: accountQuotas },
    planTier: readTierPlans(driverEnv.KOLATE_TIER_PLANS),
    ...(cells.length > 0 && { measure: createCloudWatchMeter({ client: createCloudWatchClient(region) }) }),
  };
}
