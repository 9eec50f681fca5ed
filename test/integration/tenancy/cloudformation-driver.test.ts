import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import {
  DescribeStackEventsCommand,
  DescribeStackResourceCommand,
  DescribeStacksCommand,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import {
  createCloudFormationStackDriver,
  stackPrefix,
} from '../../../src/platform/tenancy/cloudformation/create-cloudformation-stack-driver';
import type { TenantStackDriver } from '../../../src/platform/tenancy/tenant-stack-driver';
import { type CloudFormationEmulator, startCloudFormationEmulator } from '../../helpers/cloudformation-emulator';
import { preparePython } from '../../helpers/python';
import { describeStackDriver, newStackSpec } from '../../helpers/stack-driver-contract';
import { until } from '../../helpers/until';

const { python, reason } = preparePython(resolve('test/interop/ministack/requirements.txt'));
if (reason) process.stderr.write(`CloudFormation's driver is not tested here: ${reason}\n`);
const describeHere = python ? describe : describe.skip;

/** As CloudFormation substitutes it. */
const ref = (name: string): string => `\${${name}}`;

/** As small as a stack can be: a place for its name, a secret that must not be replaced, and the stores' addresses. */
const template = (more: object = {}) => ({
  Parameters: {
    TenantId: { Type: 'String' },
    Size: { Type: 'String', Default: 'small', AllowedValues: ['small', 'large'] },
  },
  Resources: {
    Place: { Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: { Ref: 'Size' } } },
    Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: { Ref: 'AWS::StackName' } } },
    ...more,
  },
  Outputs: {
    Endpoints: {
      Value: {
        'Fn::Sub': JSON.stringify({
          postgres: { host: '10.0.0.1', port: 5432, database: 'tenant', user: 'app' },
          mongo: { host: '10.0.0.1', port: 27017, database: 'tenant', user: 'app' },
          redis: {
            host: '10.0.0.1',
            port: 6379,
            user: 'app',
            maintenanceUser: 'admin',
            keyPrefix: `t:${ref('TenantId')}:`,
          },
        }),
      },
    },
  },
});
/** Nobody signals it: it fails after a second, as a service that never becomes healthy does. */
const waiting = (seconds: number) => ({
  Handle: { Type: 'AWS::CloudFormation::WaitConditionHandle' },
  Culprit: {
    Type: 'AWS::CloudFormation::WaitCondition',
    Properties: { Handle: { Ref: 'Handle' }, Timeout: String(seconds), Count: 1 },
  },
});

describeHere('the CloudFormation driver', () => {
  let emulator: CloudFormationEmulator;
  let driver: TenantStackDriver;
  let url: string;
  let size = 'small';

  beforeAll(async () => {
    if (!python) return;
    emulator = await startCloudFormationEmulator(python);
  });
  afterAll(() => emulator?.close());
  beforeEach(async () => {
    size = 'small';
    url = await emulator.publish('tenant.json', template());
    driver = createCloudFormationStackDriver({
      client: emulator.client,
      pollMs: 20,
      templateFor: async ({ tier, tenantId }) =>
        tier === 'shared-cell' ? undefined : { url, parameters: { TenantId: tenantId, Size: size } },
    });
  });

  const statusOf = async (name: string): Promise<string | undefined> => {
    const answer = await emulator.client.send(new DescribeStacksCommand({ StackName: stackPrefix + name }));
    return answer.Stacks?.[0]?.StackStatus;
  };

  const signalUrlOf = async (name: string): Promise<string | undefined> => {
    const query = { StackName: stackPrefix + name, LogicalResourceId: 'Handle' };
    const { StackResourceDetail } = await emulator.client.send(new DescribeStackResourceCommand(query));
    const handle = StackResourceDetail?.PhysicalResourceId;
    return handle && new URL(new URL(handle).pathname, emulator.endpoint).href;
  };

  describeStackDriver('CloudFormation', () => driver, ['pool', 'dedicated']);

  it('gives every event of the stack the saga step as its token', async () => {
    const spec = { ...newStackSpec('dedicated'), requestToken: `${randomUUID()}-provision` };
    await driver.apply(spec);
    const { StackEvents = [] } = await emulator.client.send(
      new DescribeStackEventsCommand({ StackName: stackPrefix + spec.name }),
    );
    expect(StackEvents.length).toBeGreaterThan(0);
    for (const { ClientRequestToken } of StackEvents) expect(ClientRequestToken).toContain(spec.requestToken);
  });

  it('says which resource failed, in CloudFormation’s words, and makes the stack when asked again', async () => {
    const spec = newStackSpec('dedicated');
    url = await emulator.publish('broken.json', template(waiting(1)));
    await expect(driver.apply(spec)).rejects.toMatchObject({
      code: 'KLT_PROVISION_FAILED',
      detail: expect.stringMatching(/^Culprit \(AWS::CloudFormation::WaitCondition\): .*timed out/),
      options: { hint: expect.stringContaining('retry') },
    });
    expect(await driver.describe(spec.name)).toBeUndefined();
    url = await emulator.publish('tenant.json', template());
    expect(await driver.apply(spec)).toMatchObject({ name: spec.name });
  });

  it('updates a stack whose parameters have changed, and keeps it when nothing has', async () => {
    const spec = newStackSpec('dedicated');
    const first = await driver.apply(spec);
    size = 'large';
    expect(await driver.apply({ ...spec, requestToken: 'second' })).toEqual(first);
    expect(await statusOf(spec.name)).toBe('UPDATE_COMPLETE');
    expect(await driver.apply({ ...spec, requestToken: 'third' })).toEqual(first);
  });

  it('says which parameter is out of its range, and leaves the stack as it was', async () => {
    const spec = newStackSpec('dedicated');
    const first = await driver.apply(spec);
    size = 'HUGE';
    await expect(driver.apply({ ...spec, requestToken: 'second' })).rejects.toMatchObject({
      code: 'KLT_STACK_PARAMETER_INVALID',
      detail: expect.stringContaining('Size'),
      options: { hint: expect.stringContaining('retry') },
    });
    expect(await driver.describe(spec.name)).toEqual(first);
  });

  it('does not destroy a stack that somebody has protected, and says so', async () => {
    const spec = newStackSpec('dedicated');
    const first = await driver.apply(spec);
    const protect = (EnableTerminationProtection: boolean) =>
      emulator.client.send(
        new UpdateTerminationProtectionCommand({ StackName: stackPrefix + spec.name, EnableTerminationProtection }),
      );
    await protect(true);
    await expect(driver.destroy(spec.name)).rejects.toMatchObject({
      code: 'KLT_STACK_STATE',
      options: { hint: expect.stringContaining('protect') },
    });
    expect(await driver.describe(spec.name)).toEqual(first);
    await protect(false);
    await driver.destroy(spec.name);
    expect(await driver.describe(spec.name)).toBeUndefined();
  });

  it('refuses an update that would take away what holds data', async () => {
    const spec = newStackSpec('dedicated');
    await driver.apply(spec);
    const without = template();
    const { Secret: _secret, ...rest } = without.Resources;
    url = await emulator.publish('without.json', { ...without, Resources: rest });
    await expect(driver.apply({ ...spec, requestToken: 'second' })).rejects.toMatchObject({
      code: 'KLT_STACK_CHANGE_REFUSED',
      detail: expect.stringContaining('Secret (AWS::SecretsManager::Secret)'),
    });
    expect(await statusOf(spec.name)).toBe('CREATE_COMPLETE');
  });

  it('rolls a failing update back, names the culprit, and leaves the stack as it was', async () => {
    const spec = newStackSpec('dedicated');
    const first = await driver.apply(spec);
    url = await emulator.publish('broken.json', template(waiting(1)));
    await expect(driver.apply({ ...spec, requestToken: 'second' })).rejects.toMatchObject({
      detail: expect.stringContaining('Culprit'),
    });
    expect(await driver.describe(spec.name)).toEqual(first);
  });

  it('takes up a stack that another process had begun, and waits for it', async () => {
    const spec = newStackSpec('dedicated');
    url = await emulator.publish('slow.json', template(waiting(60)));
    const abandoned = new AbortController();
    const begun = driver.apply(spec, abandoned.signal);
    const handle = await until(() => signalUrlOf(spec.name));
    abandoned.abort();
    await expect(begun).rejects.toMatchObject({ code: 'KLT_STEP_TIMED_OUT' });

    const taken = driver.apply(spec);
    // As bytes: a signal with a content type is refused.
    const signal = Buffer.from(JSON.stringify({ Status: 'SUCCESS', UniqueId: 'a', Data: '', Reason: '' }));
    expect((await fetch(handle, { method: 'PUT', body: signal })).status).toBe(200);
    expect(await taken).toMatchObject({ name: spec.name, tenantId: spec.tenantId });
    expect(await statusOf(spec.name)).toBe('CREATE_COMPLETE');
  });

  it('makes thirty tenants at once, each its own stack', async () => {
    const specs = Array.from({ length: 30 }, () => newStackSpec('dedicated'));
    const stacks = await Promise.all(specs.map((spec) => driver.apply(spec)));
    expect(stacks.map(({ tenantId }) => tenantId)).toEqual(specs.map(({ tenantId }) => tenantId));
    await Promise.all(specs.map(({ name }) => driver.destroy(name)));
    expect(await Promise.all(specs.map(({ name }) => driver.describe(name)))).toEqual(specs.map(() => undefined));
  });
});
