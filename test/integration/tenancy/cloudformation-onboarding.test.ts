import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { DescribeStackResourcesCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  createCloudFormationStackDriver,
  stackPrefix,
} from '../../../src/platform/tenancy/cloudformation/create-cloudformation-stack-driver';
import type { TenantStackDriver } from '../../../src/platform/tenancy/tenant-stack-driver';
import { type CloudFormationEmulator, startCloudFormationEmulator } from '../../helpers/cloudformation-emulator';
import { type CloudFormationTemplate, forEmulator } from '../../helpers/emulated-template';
import { preparePython } from '../../helpers/python';
import { startTenancyPlatform, statusesOf, type TenancyPlatform } from '../../helpers/tenancy-platform';
import { deployTenantBase } from '../../helpers/tenant-base';
import { tenantTemplate } from '../../helpers/tenant-template';

const { python, reason } = preparePython(resolve('test/interop/ministack/requirements.txt'));
if (reason) process.stderr.write(`onboarding by CloudFormation is not tested here: ${reason}\n`);
const describeHere = python ? describe : describe.skip;

/** Nobody signals it: it fails after a second. */
const broken = {
  Handle: { Type: 'AWS::CloudFormation::WaitConditionHandle' },
  Culprit: {
    Type: 'AWS::CloudFormation::WaitCondition',
    Properties: { Handle: { Ref: 'Handle' }, Timeout: '1', Count: 1 },
  },
};

describeHere('a tenant whose stack CloudFormation makes', () => {
  let emulator: CloudFormationEmulator;
  let platform: TenancyPlatform;
  let url: string;
  const published = tenantTemplate();

  /**
   * The emulator starts no engines: those of this machine stand in for them, and their addresses come back through the
   * stack's own output.
   */
  const withStacks = (engines: TenantStackDriver): TenantStackDriver => {
    const addresses = new Map<string, string>();
    const driver = createCloudFormationStackDriver({
      client: emulator.client,
      pollMs: 20,
      async templateFor({ name, tenantId, tier }) {
        const parameters = {
          ...{ TenantId: tenantId, Tier: tier, Addresses: addresses.get(name) ?? '' },
          CredentialsArn: `arn:aws:secretsmanager:us-east-1:000000000000:secret:${tenantId}`,
          TlsArn: `arn:aws:secretsmanager:us-east-1:000000000000:secret:${tenantId}-tls`,
        };
        return { url, parameters };
      },
    });
    return {
      async apply(spec, signal) {
        addresses.set(spec.name, JSON.stringify((await engines.apply(spec, signal)).endpoints));
        return driver.apply(spec, signal);
      },
      describe: driver.describe,
      async destroy(name, signal) {
        const removal = await driver.destroy(name, signal);
        await engines.destroy(name, signal);
        return removal;
      },
    };
  };
  const publish = (more: CloudFormationTemplate['Resources'] = {}): Promise<string> => {
    const { Parameters, Resources, Outputs } = forEmulator(published, { Endpoints: { Value: { Ref: 'Addresses' } } });
    return emulator.publish('tenant.json', {
      Parameters: { ...Parameters, Addresses: { Type: 'String' } },
      Resources: { ...Resources, ...more },
      Outputs,
    });
  };

  beforeAll(async () => {
    if (!python) return;
    emulator = await startCloudFormationEmulator(python);
    await deployTenantBase(emulator);
    platform = await startTenancyPlatform({ wrap: withStacks });
  });
  afterAll(async () => {
    await platform?.close();
    await emulator?.close();
  });
  beforeEach(async () => {
    url = await publish();
  });

  const typesOf = async (tenantId: string): Promise<(string | undefined)[]> => {
    const StackName = `${stackPrefix}tenant-${tenantId}-pool`;
    const { StackResources = [] } = await emulator.client.send(new DescribeStackResourcesCommand({ StackName }));
    return StackResources.map(({ ResourceType }) => ResourceType);
  };

  it('goes through the same steps as on one machine, and its stack has what the template says', async () => {
    const { id, operation } = await platform.onboard({ tier: 'pool' });
    expect(operation.cause).toBeUndefined();
    expect(Object.keys(statusesOf(operation))).toEqual([
      ...['reserve', 'place', 'provision', 'migrate', 'mint', 'seed', 'smoke', 'activate', 'notify'],
    ]);
    expect(new Set(Object.values(statusesOf(operation)))).toEqual(new Set(['succeeded']));
    expect(await typesOf(id)).toEqual(expect.arrayContaining(['AWS::KMS::Key', 'AWS::ECS::Service', 'AWS::IAM::Role']));
  });

  it('shows the resource that failed and CloudFormation’s words as the cause, and ends well when it is retried', async () => {
    url = await publish(broken);
    const { id, operation } = await platform.onboard({ tier: 'pool' });
    expect(operation).toMatchObject({
      status: 'failed',
      cause: { code: 'KLT_PROVISION_FAILED', detail: expect.stringContaining('Culprit'), hint: expect.any(String) },
    });
    url = await publish();
    const { status } = await platform.info.call('POST', `/v1/operations/${operation.id}/retry`);
    expect(status).toBe(202);
    expect((await platform.ended(operation.id)).status).toBe('succeeded');
    expect((await platform.info.call('GET', `/v1/tenants/${id}`)).body.state).toBe('active');
  });

  it('takes a stack away with its tenant, and certifies it in CloudFormation’s words', async () => {
    const { id, operation: onboarding } = await platform.onboard({ tier: 'pool' });
    expect(onboarding.cause).toBeUndefined();
    const operation = await platform.run('DELETE', `/v1/tenants/${id}`);
    expect(operation.status).toBe('succeeded');
    expect(await typesOf(id)).toEqual([]);
    // It answers for a stack that is gone by its id alone; the emulator does not say since when.
    const [stack] = (operation.result?.stacks ?? []) as { id: string; deletedAt: string }[];
    const { Stacks } = await emulator.client.send(new DescribeStacksCommand({ StackName: stack?.id }));
    expect(Stacks?.[0]?.StackStatus).toBe('DELETE_COMPLETE');
    expect(Number.isNaN(Date.parse(stack?.deletedAt ?? ''))).toBe(false);
    expect(stack?.id).toMatch(/^arn:aws:cloudformation:/);
  });

  it('onboards thirty tenants at once, each with a stack of its own', async () => {
    const tenants = await Promise.all(
      Array.from({ length: 30 }, () => platform.onboard({ tier: 'pool', slug: `t${randomUUID().slice(0, 8)}` })),
    );
    expect(new Set(tenants.map(({ operation }) => operation.status))).toEqual(new Set(['succeeded']));
    expect(new Set(tenants.map(({ id }) => id)).size).toBe(30);
  });
});
