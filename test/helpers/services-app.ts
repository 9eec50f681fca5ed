import { type App, type AppProps, Stack } from 'aws-cdk-lib';
import { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { DISABLE_ASSET_STAGING_CONTEXT } from 'aws-cdk-lib/cx-api';
import type { Environment } from '../../lib/config/environment';
import { createApp } from '../../lib/platform-app';
import { CoreDataStack } from '../../lib/stacks/core-data-stack';
import { EdgeStack } from '../../lib/stacks/edge-stack';
import { IdentityStack } from '../../lib/stacks/identity-stack';
import { IngressStack } from '../../lib/stacks/ingress-stack';
import { MessagingStack } from '../../lib/stacks/messaging-stack';
import { NetworkStack } from '../../lib/stacks/network-stack';
import { SecurityStack } from '../../lib/stacks/security-stack';
import { ServicesStack } from '../../lib/stacks/services-stack';
import { StorageStack } from '../../lib/stacks/storage-stack';

/** The services with all that they stand on; provisioning of tenants is stood in for. */
export function servicesApp(environment: Environment, props: AppProps = {}) {
  const app: App = createApp({
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
    // Images are folders of up to 80 MB: named by what is in them, but not copied for each test.
    context: { [DISABLE_ASSET_STAGING_CONTEXT]: true },
    ...props,
  });
  const { alarmTopic, permissionsBoundary } = new SecurityStack(app, { environment });
  const { vpc } = new NetworkStack(app, { environment, alarmTopic });
  const { bus } = new MessagingStack(app, { environment, vpc, alarmTopic });
  const data = new CoreDataStack(app, { environment, vpc, alarmTopic });
  const storage = new StorageStack(app, { environment, alarmTopic });
  const { zone, healthCheck } = new EdgeStack(app, { environment });
  const ingress = new IngressStack(app, {
    environment,
    vpc,
    zone,
    accessLogs: storage.accessLogs,
    alarmTopic,
    healthCheck,
  });
  const identity = new IdentityStack(app, { environment, alarmTopic });
  const { account, region } = storage;
  const elsewhere = new Stack(app, 'Provisioning', { env: { account, region } });
  const stack = new ServicesStack(app, {
    environment,
    vpc,
    bus,
    data,
    storage,
    ingress: {
      http: { alb: ingress.alb, listener: ingress.listener },
      grpc: { alb: ingress.grpcAlb, listener: ingress.grpcListener },
    },
    identity,
    provisioning: {
      template: { url: 'https://s3.example.com/template.json', plans: [] },
      role: new Role(elsewhere, 'Role', { assumedBy: new ServicePrincipal('cloudformation.amazonaws.com') }),
      hosting: { clientGroup: new SecurityGroup(elsewhere, 'Clients', { vpc }) },
      grantProvision: () => undefined,
    },
    permissionsBoundary,
    alarmTopic,
  });
  return { app, stack, ingress };
}
