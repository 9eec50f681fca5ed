import { resolve } from 'node:path';
import {
  DescribeStackEventsCommand,
  DescribeStackResourceCommand,
  ListStacksCommand,
} from '@aws-sdk/client-cloudformation';
import {
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { CloudFormationDriverEnv } from '../../src/contracts/env/tenant-driver-env';
import { tenantHost } from '../../src/contracts/tenant-hosts';
import { createBringStackEvents } from '../../src/handlers/stack-events/bring-stack-events';
import { stackPrefix } from '../../src/platform/tenancy/cloudformation/create-cloudformation-stack-driver';
import { parseStackCredentials } from '../../src/platform/tenancy/stack-credentials';
import { secretNames } from '../../src/services/enterprise-info/secret-names';
import { startCloudFormationEmulator } from './cloudformation-emulator';
import { forEmulator } from './emulated-template';
import { createTestLog } from './messaging';
import { aws } from './ministack';
import { addressOf } from './private-zone';
import type { Python } from './python';
import type { ServiceProcesses } from './service-processes';
import { sqsRecord, stackEventBody } from './stack-events';
import type { StackHome } from './stack-home';
import { deployTenantBase } from './tenant-base';
import { tenantTemplate } from './tenant-template';
import { type TlsFront, tlsFront } from './tls-front';
import { until } from './until';

const tier = 'dedicated';
const folder = 'kolate/test';
/** What the driver cannot do without, though nobody is put into the pool. */
type DriverEnv = Omit<
  CloudFormationDriverEnv,
  'KOLATE_PROVISIONING_ROLE_ARN' | 'KOLATE_SHARED_CELLS' | 'KOLATE_TIER_PLANS'
>;
const driverEnv = (url: string): Readonly<Record<keyof DriverEnv, string>> => ({
  KOLATE_TENANT_TEMPLATE_URL: url,
  KOLATE_ENV: 'test',
  KOLATE_POOL_POSTGRES: 'postgresql://127.0.0.1:9/core',
  KOLATE_POOL_POSTGRES_SECRET: 'of-nobody',
  KOLATE_POOL_DOCUMENTS: 'mongodb://127.0.0.1:9',
  KOLATE_POOL_DOCUMENTS_SECRET: 'of-nobody',
  KOLATE_POOL_CACHE: 'rediss://127.0.0.1:9',
  KOLATE_POOL_CACHE_GROUP: 'of-nobody',
});
const kinds = { postgres: 'postgres', mongo: 'tls', redis: 'tls' } as const;
type Engine = keyof typeof kinds;
type Ports = Readonly<Record<Engine, number>>;

const ref = (name: string): string => `\${${name}}`;

/** As CloudFormation substitutes it: users and databases as the agent names them, which has no dashes in them. */
function endpoints(ports: Ports) {
  const at = (engine: Engine) => ({ host: tenantHost(ref('TenantId')), port: ports[engine] });
  const user = `t_${ref('Compact')}`;
  const redis = { ...at('redis'), user, maintenanceUser: `${user}_maintenance`, keyPrefix: `t:${ref('TenantId')}:` };
  const text = JSON.stringify({
    tls: true,
    postgres: { ...at('postgres'), database: user, user },
    mongo: { ...at('mongo'), database: user, user },
    redis,
  });
  const compact = { 'Fn::Join': ['', { 'Fn::Split': ['-', { Ref: 'TenantId' }] }] };
  return { Endpoints: { Value: { 'Fn::Sub': [text, { Compact: compact }] } } };
}

/** As a service of ECS: the stack is not whole before its engines are healthy, which whoever brings them up signals. */
const healthy = {
  Handle: { Type: 'AWS::CloudFormation::WaitConditionHandle' },
  Healthy: {
    Type: 'AWS::CloudFormation::WaitCondition',
    Properties: { Handle: { Ref: 'Handle' }, Timeout: '120', Count: 1 },
  },
};

/**
 * CloudFormation and Secrets Manager of the emulator. It runs no containers: the engines of this machine stand in for
 * those of a host, behind the TLS of the tenant's own certificate, at the address that its name leads to.
 */
export async function openEmulatedHosts(python: Python, processes: ServiceProcesses) {
  const emulator = await startCloudFormationEmulator(python);
  await deployTenantBase(emulator);
  const { client, endpoint } = emulator;
  const secrets = new SecretsManagerClient({ ...aws, endpoint });
  const ports: Ports = {
    postgres: await processes.own.port(),
    mongo: await processes.own.port(),
    redis: await processes.own.port(),
  };
  const template = forEmulator(tenantTemplate(), endpoints(ports));
  const url = await emulator.publish('tenant.json', {
    ...template,
    Resources: { ...template.Resources, ...healthy },
  });
  const fronts: TlsFront[] = [];
  const stackOf = (tenantId: string): string => `${stackPrefix}tenant-${tenantId}-${tier}`;
  const secretValue = async (name: string): Promise<string> =>
    (await secrets.send(new GetSecretValueCommand({ SecretId: name }))).SecretString ?? '';

  const handleOf = async (tenantId: string): Promise<string | undefined> => {
    const query = { StackName: stackOf(tenantId), LogicalResourceId: 'Handle' };
    const { StackResourceDetail } = await client.send(new DescribeStackResourceCommand(query));
    const handle = StackResourceDetail?.PhysicalResourceId;
    return handle && new URL(new URL(handle).pathname, endpoint).href;
  };

  /** What a host does with the task: engines with the users of the secret, showing the certificate of the secret. */
  const runEngines = async (tenantId: string): Promise<void> => {
    const secretName = `${folder}/${secretNames.stores(tenantId, tier)}`;
    const credentials = parseStackCredentials(secretName, await secretValue(secretName));
    const spec = { name: `tenant-${tenantId}-pool`, tenantId, tier: 'pool', credentials, requestToken: 'engines' };
    const stack = await processes.agent.driver.apply(spec);
    const tls = JSON.parse(await secretValue(`${folder}/${secretNames.tls(tenantId, tier)}`));
    for (const engine of Object.keys(kinds) as Engine[]) {
      const at = { host: addressOf(tenantId), port: ports[engine] };
      fronts.push(await tlsFront(stack.endpoints[engine], tls, kinds[engine], at));
    }
  };

  /** The emulator tells nobody: the bridge is given what EventBridge would have put into its queue. */
  const tell = async (tenantId: string): Promise<void> => {
    const event = await until(async () =>
      (await eventsOf(tenantId)).find((each) => each.startsWith('CREATE_COMPLETE')),
    );
    const stackId = event.split(' ')[1] ?? '';
    const bring = createBringStackEvents({
      producer: async () => processes.kafka.producer(),
      log: createTestLog().log,
    });
    await bring({ Records: [sqsRecord(stackEventBody(stackId, 'CREATE_COMPLETE'))] });
  };

  const eventsOf = async (tenantId: string): Promise<string[]> => {
    const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName: stackOf(tenantId) }));
    return StackEvents.filter(({ ResourceType }) => ResourceType === 'AWS::CloudFormation::Stack').map(
      ({ ResourceStatus, StackId }) => `${ResourceStatus} ${StackId}`,
    );
  };

  const home: StackHome = {
    env: {
      KOLATE_TENANT_DRIVER: 'cloudformation',
      ...driverEnv(url),
      KOLATE_SECRETS: `aws:${folder}`,
      AWS_ENDPOINT_URL_CLOUDFORMATION: endpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint,
      AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId,
      NODE_OPTIONS: `--require ${resolve(__dirname, 'private-zone.js')}`,
    },
    isBeingMade: async (tenantId) => (await handleOf(tenantId).catch(() => undefined)) !== undefined,
    async bringUp(tenantId) {
      await runEngines(tenantId);
      // As bytes: a signal with a content type is refused.
      const body = Buffer.from(JSON.stringify({ Status: 'SUCCESS', UniqueId: 'a', Data: '', Reason: '' }));
      const signalled = await fetch((await handleOf(tenantId)) ?? '', { method: 'PUT', body });
      if (!signalled.ok) throw new Error(`the signal was refused: ${signalled.status}`);
      await tell(tenantId);
    },
    async historyOf(tenantId) {
      const { StackSummaries = [] } = await client.send(new ListStacksCommand({}));
      const stacks = StackSummaries.filter(({ StackName }) => StackName?.includes(tenantId));
      const events = (await eventsOf(tenantId)).reverse().map((event) => event.split(' ')[0]);
      return { stacks: stacks.map(({ StackStatus }) => StackStatus), events };
    },
    oneStack: { stacks: ['CREATE_COMPLETE'], events: ['CREATE_IN_PROGRESS', 'CREATE_COMPLETE'] },
    async secretsOf(tenantId) {
      const prefix = `${folder}/tenant/${tenantId}/`;
      const { SecretList = [] } = await secrets.send(new ListSecretsCommand({ MaxResults: 100 }));
      const names = SecretList.flatMap(({ Name }) => (Name?.startsWith(prefix) ? [Name] : [])).sort();
      const read = async (name: string) => {
        const { Versions = [] } = await secrets.send(new ListSecretVersionIdsCommand({ SecretId: name }));
        if (Versions.length !== 1) throw new Error(`${name} has ${Versions.length} versions`);
        return [name.slice(prefix.length), await secretValue(name)] as const;
      };
      return Object.fromEntries(await Promise.all(names.map(read)));
    },
  };
  return {
    home,
    async close(): Promise<void> {
      for (const front of fronts) await front.close();
      secrets.destroy();
      await emulator.close();
    },
  };
}
