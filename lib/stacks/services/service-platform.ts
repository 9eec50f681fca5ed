import type { IConnectable, ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { IGrantable, IManagedPolicy, IRole } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Environment } from '../../config/environment';
import type { CoreCache } from '../../constructs/core-cache';
import type { CoreDocuments } from '../../constructs/core-documents';
import type { CorePostgres } from '../../constructs/core-postgres';
import type { MessageBus } from '../../constructs/message-bus';
import { secretFolder } from '../../constructs/secret-folder';
import type { CursorRotation } from '../../constructs/services/cursor-rotation';
import type { ServiceCluster } from '../../constructs/services/service-cluster';
import type { Entrance } from '../../constructs/services/target-pair';
import type { TenantTemplate } from '../../constructs/tenants/tenant-template';
import type { IdentityStack } from '../identity-stack';

/** What services stand on: constructs of other stacks, and what all services have in common. */
export type ServicePlatform = {
  readonly bus: MessageBus;
  readonly data: { readonly postgres: CorePostgres; readonly documents: CoreDocuments; readonly cache: CoreCache };
  readonly storage: { readonly models: IBucket; readonly exports: IBucket };
  readonly ingress: { readonly http: Entrance; readonly grpc: Entrance };
  readonly identity: Pick<IdentityStack, 'userPool' | 'issuerUrl' | 'clientTable' | 'apps' | 'grantManageClients'>;
  readonly provisioning: {
    readonly template: Pick<TenantTemplate, 'url' | 'plans'>;
    readonly role: Pick<IRole, 'roleArn'>;
    /** Who is in it may reach the engines of tenants. */
    readonly hosting: { readonly clientGroup: ISecurityGroup };
    grantProvision(grantee: Construct & IGrantable): void;
  };
  readonly cursors: CursorRotation;
  readonly common: {
    readonly cluster: ServiceCluster;
    readonly environment: Environment;
    readonly permissionsBoundary: IManagedPolicy;
    readonly key: IKey;
    readonly alarmTopic: ITopic;
  };
};

/** As scripts/bundle-images.mjs puts it into every image. */
const databaseAuthorities = '/app/aws-database-authorities.pem';

const regionOf = ({ common }: ServicePlatform): string => Stack.of(common.cluster).region;

/** @param user role in PostgreSQL, as migrations made it */
export const commonVariables = ({ identity, bus, data }: ServicePlatform, user: string) => ({
  KOLATE_ISSUER_URL: identity.issuerUrl,
  KOLATE_KAFKA_CLUSTER_ARN: bus.clusterArn,
  KOLATE_POSTGRES_URL: data.postgres.url(user),
  KOLATE_POSTGRES_AUTH: 'iam' as const,
  KOLATE_POSTGRES_CA: databaseAuthorities,
});

export const fileVariables = (platform: ServicePlatform) => ({
  KOLATE_S3_REGION: regionOf(platform),
  KOLATE_SECRETS: `aws:${secretFolder(platform.common.environment)}`,
  KOLATE_MODELS_BUCKET: platform.storage.models.bucketName,
});

/** Of those who keep the limits of callers themselves. */
export const limitVariables = (platform: ServicePlatform) => {
  const { user, host, port, replicationGroupId } = platform.data.cache;
  return {
    KOLATE_REDIS_URL: `rediss://${user}@${host}:${port}`,
    KOLATE_REDIS_IAM: `${regionOf(platform)}/${replicationGroupId}`,
  };
};

/** Of who makes users and databases of tenants in the engines that the platform has anyway. */
export const poolVariables = ({ data: { postgres, documents, cache }, common }: ServicePlatform) => ({
  KOLATE_ENV: common.environment.name,
  KOLATE_POOL_POSTGRES: `postgresql://${postgres.host}:${postgres.port}/${postgres.database}`,
  KOLATE_POOL_POSTGRES_SECRET: postgres.adminSecret.secretArn,
  KOLATE_POOL_DOCUMENTS: `mongodb://${documents.host}:${documents.port}`,
  KOLATE_POOL_DOCUMENTS_SECRET: documents.adminSecret.secretArn,
  KOLATE_POOL_CACHE: `rediss://${cache.host}:${cache.port}`,
  KOLATE_POOL_CACHE_GROUP: cache.userGroupId,
});

/** All that these variables are for. */
export function letIntoPool({ data, common }: ServicePlatform, service: Construct & IGrantable & IConnectable): void {
  data.documents.allowFrom(service);
  data.postgres.grantAdmin(service);
  data.documents.grantAdmin(service);
  data.cache.grantTenantUsers(service, common.environment);
}

export function letIntoPostgres({ data }: ServicePlatform, service: IGrantable & IConnectable, user: string): void {
  data.postgres.allowFrom(service);
  data.postgres.grantConnect(service, user);
}

export function letIntoCache({ data }: ServicePlatform, service: IGrantable & IConnectable): void {
  data.cache.allowFrom(service);
  data.cache.grantConnect(service);
}
