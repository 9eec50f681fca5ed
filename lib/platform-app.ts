import { App, type AppProps } from 'aws-cdk-lib';
import { checkRegions } from './config/check-regions';
import type { Environment } from './config/environment';
import { rollout } from './config/environments';
import { featureFlags } from './config/feature-flags';
import { AccountStack, needsAccountStack } from './stacks/account-stack';
import { ApiStack, type ApiStackProps } from './stacks/api-stack';
import { BackupStack } from './stacks/backup-stack';
import { CellStack } from './stacks/cell-stack';
import { CoreDataStack } from './stacks/core-data-stack';
import { DeliveryStack } from './stacks/delivery-stack';
import { EdgeStack } from './stacks/edge-stack';
import { FrontStack } from './stacks/front-stack';
import { IdentityStack } from './stacks/identity-stack';
import { IngressStack } from './stacks/ingress-stack';
import { MessagingStack } from './stacks/messaging-stack';
import { MigrationsStack } from './stacks/migrations-stack';
import { NetworkStack } from './stacks/network-stack';
import { ObservabilityStack } from './stacks/observability-stack';
import { ProvisioningStack } from './stacks/provisioning-stack';
import { SearchStack } from './stacks/search-stack';
import { SecurityStack } from './stacks/security-stack';
import { ServicesStack } from './stacks/services-stack';
import { StorageStack } from './stacks/storage-stack';

/** The app with the CDK's context, whoever hands it over: the CLI (`-c env=prod`) or a test. */
export const createApp = (props?: AppProps): App =>
  new App({ ...props, context: { ...featureFlags, ...props?.context } });

/** All stacks of one environment. @throws Error with what, got, expected, and none of them, for a region that there is not */
export function addPlatform(app: App, environment: Environment): App {
  checkRegions(environment);
  const { alarmTopic, permissionsBoundary } = new SecurityStack(app, { environment });
  const { vpc } = new NetworkStack(app, { environment, alarmTopic });
  const { bus } = new MessagingStack(app, { environment, vpc, alarmTopic });
  const data = new CoreDataStack(app, { environment, vpc, alarmTopic });
  const { postgres } = data;
  const migrations = new MigrationsStack(app, { environment, vpc, alarmTopic, permissionsBoundary, postgres });
  if (environment.features.search) new SearchStack(app, { environment, vpc, alarmTopic, permissionsBoundary });
  const storage = new StorageStack(app, { environment, alarmTopic });
  new BackupStack(app, { environment, vpc, alarmTopic });
  if (needsAccountStack(environment)) {
    new AccountStack(app, { environment, alarmTopic, accessLogs: storage.accessLogs });
  }
  const { delivery } = environment;
  if (delivery)
    new DeliveryStack(app, { environment, delivery, ...rollout, alarmTopic, accessLogs: storage.accessLogs });
  const edge = new EdgeStack(app, { environment });
  const { zone, healthCheck } = edge;
  const { accessLogs } = storage;
  const ingress = new IngressStack(app, { environment, vpc, zone, healthCheck, accessLogs, alarmTopic });
  const identity = new IdentityStack(app, { environment, alarmTopic });
  const { issuerUrl } = identity;
  const provisioning = new ProvisioningStack(app, {
    ...{ environment, vpc, bus, permissionsBoundary, alarmTopic, accessLogs },
  });
  for (const cell of environment.sharedCells) {
    new CellStack(app, { environment, cell, vpc, hosting: provisioning.hosting, alarmTopic });
  }
  const services = new ServicesStack(app, {
    ...{ environment, vpc, bus, data, storage, identity, permissionsBoundary, alarmTopic },
    ingress: {
      http: { alb: ingress.alb, listener: ingress.listener },
      grpc: { alb: ingress.grpcAlb, listener: ingress.grpcListener },
    },
    provisioning,
  });
  // The schema is there before code that needs it.
  services.addStackDependency(migrations);
  const { stage } = addEntrance(app, { environment, vpc, storage, edge, ingress, issuerUrl, alarmTopic });
  new ObservabilityStack(app, {
    ...{ environment, vpc, services: services.services, stage, alarmTopic },
    operatorSecret: identity.apps.operatorSecret,
  });
  return app;
}

/** What the outside meets: the API in each region, and CloudFront once, for the primary and its standby. */
function addEntrance(
  app: App,
  parts: Pick<ApiStackProps, 'environment' | 'vpc' | 'issuerUrl' | 'alarmTopic'> & {
    readonly storage: StorageStack;
    readonly edge: EdgeStack;
    readonly ingress: IngressStack;
  },
): ApiStack {
  const { environment, vpc, issuerUrl, alarmTopic, storage, edge, ingress } = parts;
  const { zone, healthCheck } = edge;
  const { alb, albGuard, albHost, vpcOrigin } = ingress;
  const api = new ApiStack(app, {
    ...{ environment, vpc, issuerUrl, alarmTopic, zone, healthCheck, alb, albGuard, albHost },
    certificate: ingress.certificate,
    truststore: storage.truststore,
  });
  if (environment.peer?.role === 'primary') return api;
  const { certificate, webAcl } = edge;
  new FrontStack(app, {
    ...{ environment, zone, certificate, webAcl, vpcOrigin },
    console: storage.console,
    accessLogs: storage.accessLogs,
    vpcOriginHost: albHost,
    alarmTopic: edge.alarmTopic,
  });
  return api;
}
