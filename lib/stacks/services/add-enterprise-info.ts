import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { topics } from '../../../src/contracts/topics';
import { cellSpecOf } from '../../config/shared-cell';
import { backlogOf } from '../../constructs/services/backlog';
import { CursorKey } from '../../constructs/services/cursor-key';
import { grantFiles } from '../../constructs/services/grant-files';
import { grantTenantSecrets } from '../../constructs/services/grant-tenant-secrets';
import { KolateService } from '../../constructs/services/kolate-service';
import {
  commonVariables,
  fileVariables,
  letIntoCache,
  letIntoPool,
  letIntoPostgres,
  limitVariables,
  poolVariables,
  type ServicePlatform,
} from './service-platform';

/** Tenants and operations: it answers for them, and makes their stores, clients and exports as sagas tell it to. */
export function addEnterpriseInfo(scope: Construct, platform: ServicePlatform): KolateService<'enterprise-info'> {
  const { bus, storage, ingress, identity, provisioning } = platform;
  const consumed = [topics.commandEnterpriseInfo, topics.operationLifecycle, topics.tenantLifecycle];
  const info = new KolateService(scope, 'EnterpriseInfo', {
    ...platform.common,
    name: 'enterprise-info',
    groups: [platform.provisioning.hosting.clientGroup],
    variables: {
      ...commonVariables(platform, 'enterprise_info'),
      ...fileVariables(platform),
      ...limitVariables(platform),
      ...poolVariables(platform),
      KOLATE_EXPORTS_BUCKET: storage.exports.bucketName,
      KOLATE_IDENTITY_DIRECTORY: 'cognito',
      KOLATE_USER_POOL_ID: identity.userPool.userPoolId,
      KOLATE_CLIENT_TABLE: identity.clientTable.tableName,
      KOLATE_TENANT_DRIVER: 'cloudformation',
      KOLATE_TENANT_TEMPLATE_URL: provisioning.template.url,
      KOLATE_TIER_PLANS: JSON.stringify(provisioning.template.plans),
      KOLATE_SHARED_CELLS: JSON.stringify(
        platform.common.environment.sharedCells.map((cell) => cellSpecOf(cell, Stack.of(scope).availabilityZones)),
      ),
      KOLATE_PROVISIONING_ROLE_ARN: provisioning.role.roleArn,
      KOLATE_CURSOR_KEYS: new CursorKey(scope, 'EnterpriseInfoCursors', {
        key: platform.common.key,
        rotation: platform.cursors,
        service: 'enterprise-info',
      }).value,
    },
    entrance: { ...ingress.http, priority: 100 },
    load: { requestsPerMinute: 12_000, p95Ms: 500 },
    backlog: backlogOf(bus, 'enterprise-info', 100, consumed),
  });
  letIntoPostgres(platform, info, 'enterprise_info');
  letIntoCache(platform, info);
  letIntoPool(platform, info);
  bus.allowFrom(info);
  bus.grantConsume(info, 'enterprise-info', ...consumed);
  bus.grantFollow(info, 'latest.enterprise-info.*', topics.stackLifecycle);
  bus.grantProduce(info, topics.tenantLifecycle, topics.replyCore, topics.commandCore);
  grantFiles(info, 'purge', storage.models, 'models/');
  grantFiles(info, 'write', storage.exports, 'offboardings/', 'tier-changes/', 'certificates/');
  grantTenantSecrets(info, platform.common.environment, 'keep');
  identity.grantManageClients(info);
  provisioning.grantProvision(info);
  return info;
}
