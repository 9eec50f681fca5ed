import { App, type AppProps } from 'aws-cdk-lib';
import { checkEnvironment } from './config/check-environment';
import { dev } from './config/dev';
import type { Environment } from './config/environment';
import { featureFlags } from './config/feature-flags';
import { prod } from './config/prod';
import { prodStandby } from './config/prod-standby';
import { AccountStack, needsAccountStack } from './stacks/account-stack';
import { CoreDataStack } from './stacks/core-data-stack';
import { EdgeStack } from './stacks/edge-stack';
import { IngressStack } from './stacks/ingress-stack';
import { MessagingStack } from './stacks/messaging-stack';
import { NetworkStack } from './stacks/network-stack';
import { SecurityStack } from './stacks/security-stack';
import { StorageStack } from './stacks/storage-stack';

const environments: readonly Environment[] = [dev, prod, prodStandby];

/** @throws Error naming the environments there are */
export function environmentNamed(name: string): Environment {
  const found = environments.find((environment) => environment.name === name);
  if (found) return checkEnvironment(found);
  throw new Error(`environment: name is "${name}"; expected ${environments.map((e) => e.name).join(' or ')}`);
}

/** The app with the CDK's context, whoever hands it over: the CLI (`-c env=prod`) or a test. */
export const createApp = (props?: AppProps): App =>
  new App({ ...props, context: { ...featureFlags, ...props?.context } });

/** All stacks of one environment. */
export function addPlatform(app: App, environment: Environment): App {
  const { alarmTopic } = new SecurityStack(app, { environment });
  const { vpc } = new NetworkStack(app, { environment, alarmTopic });
  new MessagingStack(app, { environment, vpc, alarmTopic });
  new CoreDataStack(app, { environment, vpc, alarmTopic });
  const storage = new StorageStack(app, { environment, alarmTopic });
  if (needsAccountStack(environment)) {
    new AccountStack(app, { environment, alarmTopic, accessLogs: storage.accessLogs });
  }
  const edge = new EdgeStack(app, { environment });
  new IngressStack(app, { environment, vpc, zone: edge.zone, accessLogs: storage.accessLogs, alarmTopic });
  return app;
}
