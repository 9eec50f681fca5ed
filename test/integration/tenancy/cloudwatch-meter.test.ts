import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { tenantUse } from '../../../src/contracts/cells';
import { createCloudWatchMeter } from '../../../src/platform/tenancy/create-cloudwatch-meter';
import { aws, startMiniStack } from '../../helpers/ministack';
import { preparePython } from '../../helpers/python';

const { python, reason } = preparePython(resolve('test/interop/ministack/requirements.txt'));
if (reason) process.stderr.write(`CloudWatch's meter is not tested here: ${reason}\n`);
const describeHere = python ? describe : describe.skip;

describeHere('the meter of tenants in shared cells', () => {
  let emulator: Awaited<ReturnType<typeof startMiniStack>>;
  let client: CloudWatchClient;
  beforeAll(async () => {
    if (!python) return;
    emulator = await startMiniStack(python);
    client = new CloudWatchClient({ ...aws, endpoint: emulator.endpoint });
  });
  afterAll(async () => {
    client?.destroy();
    await emulator?.close();
  });

  const tell = (tenantId: string, MetricName: string, Value: number) =>
    client.send(
      new PutMetricDataCommand({
        Namespace: tenantUse.namespace,
        MetricData: [{ MetricName, Value, Dimensions: [{ Name: tenantUse.dimension, Value: tenantId }] }],
      }),
    );

  it('answers the most that was told of each, in whole GiB of disk, and nobody of whom a half is missing', async () => {
    const [grown, quiet, half] = [randomUUID(), randomUUID(), randomUUID()];
    for (const memory of [1_500, 2_100]) await tell(grown, tenantUse.memory, memory);
    await tell(grown, tenantUse.disk, 30 * 1_024 + 1);
    await tell(quiet, tenantUse.memory, 0);
    await tell(quiet, tenantUse.disk, 12);
    await tell(half, tenantUse.memory, 700);
    const measure = createCloudWatchMeter({ client, now: () => Date.now() + 60_000 });
    expect(await measure([grown, quiet, half, randomUUID()])).toEqual(
      new Map([
        [grown, { memoryMib: 2_100, diskGib: 31 }],
        [quiet, { memoryMib: 0, diskGib: 1 }],
      ]),
    );
  });

  it('asks for all of more tenants than fit into one request', async () => {
    const ids = Array.from({ length: 260 }, () => randomUUID());
    const last = ids[259] ?? '';
    await tell(last, tenantUse.memory, 5);
    await tell(last, tenantUse.disk, 5);
    const measure = createCloudWatchMeter({ client, now: () => Date.now() + 60_000 });
    expect([...(await measure(ids)).keys()]).toEqual([last]);
  });

  it('says so when CloudWatch does not answer', async () => {
    const nobody = new CloudWatchClient({ ...aws, endpoint: 'http://127.0.0.1:9', maxAttempts: 1 });
    await expect(createCloudWatchMeter({ client: nobody })(['a'])).rejects.toMatchObject({
      code: 'KLT_DEPENDENCY_UNAVAILABLE',
    });
  });
});
