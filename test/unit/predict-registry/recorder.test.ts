import { Registry } from 'prom-client';
import { KolateError } from '../../../src/contracts/errors';
import { maxRecordedBytes } from '../../../src/contracts/http/predictions';
import type { RecordBatch } from '../../../src/platform/kafka/append/record-batch';
import type { PredictionRecord } from '../../../src/services/predict/protocol/prediction-record';
import { createRecorder, type RecorderOptions } from '../../../src/services/predict/recording/create-recorder';
import { createTestLog } from '../../helpers/messaging';
import { until } from '../../helpers/until';

const away = new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'no broker');

/** A broker that can go away and come back. */
function setUp(options: Partial<RecorderOptions> = {}) {
  const batches: RecordBatch[] = [];
  const broker = { up: true, tries: 0 };
  const metrics = new Registry();
  const { log, lines } = createTestLog();
  const recorder = createRecorder({
    appender: {
      async append(_topic, batch) {
        broker.tries++;
        if (!broker.up) throw away;
        batches.push(batch);
      },
    },
    metrics,
    log,
    backoff: () => 5,
    lingerMs: 1,
    ...options,
  });
  const counted = async (outcome: string): Promise<number> => {
    const { values } = await metrics.getSingleMetric('kolate_prediction_records_total')!.get();
    return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
  };
  return {
    recorder,
    broker,
    batches,
    counted,
    lines,
    sent: () => batches.reduce((sum, { records }) => sum + records, 0),
  };
}

const record = (more: Partial<PredictionRecord> = {}): PredictionRecord => ({
  id: '0198a000-0000-7000-8000-000000000001',
  tenantId: '0198a000-0000-7000-8000-00000000000a',
  model: 'iris',
  version: '1',
  requestId: undefined,
  inputsJson: '[]',
  inputsSha256: undefined,
  outputsJson: '[]',
  rows: 1,
  latencyMs: 1,
  at: 1_790_000_000_000,
  recording: 'best-effort',
  ascii: true,
  ...more,
});

describe('recording predictions at best effort', () => {
  it('sends many together, and holds nobody up', async () => {
    const { recorder, batches, sent } = setUp();
    for (let n = 0; n < 100; n++) expect(recorder.record(record())).toBeUndefined();
    await until(() => sent() === 100);
    expect(batches.length).toBeLessThan(5);
  });

  it('keeps records while the broker is away, and sends them when it is back', async () => {
    const { recorder, broker, sent, counted } = setUp();
    broker.up = false;
    for (let n = 0; n < 10; n++) await recorder.record(record());
    await until(() => broker.tries > 2);
    expect(recorder.stats()).toMatchObject({ bufferedRecords: 10, dropped: 0 });
    broker.up = true;
    await until(() => sent() === 10);
    expect(recorder.stats()).toEqual({ bufferedBytes: 0, bufferedRecords: 0, dropped: 0 });
    expect(await counted('dropped')).toBe(0);
  });

  it.each([
    ['records', { maxBufferedRecords: 7 }],
    ['bytes', { maxBufferedBytes: 2_500 }],
  ])('drops what is over its bound of %s, counts it, and says so', async (_what, bound) => {
    const { recorder, broker, sent, counted, lines } = setUp(bound);
    broker.up = false;
    for (let n = 0; n < 20; n++) await recorder.record(record());
    const { bufferedRecords, dropped } = recorder.stats();
    expect(bufferedRecords).toBeGreaterThan(0);
    expect(dropped).toBe(20 - bufferedRecords);
    expect(await counted('dropped')).toBe(dropped);
    expect(lines.join('')).toContain('records of predictions were dropped');
    broker.up = true;
    await until(() => sent() === bufferedRecords);
  });

  it('sends what waits when it is drained, and takes nothing more', async () => {
    const { recorder, sent, counted } = setUp({ lingerMs: 60_000 });
    await recorder.record(record());
    await recorder.drain(5_000);
    expect(sent()).toBe(1);
    await recorder.record(record());
    expect(await counted('dropped')).toBe(1);
  });

  it('gives up draining in time, and counts what it could not send', async () => {
    const { recorder, broker, counted } = setUp();
    broker.up = false;
    for (let n = 0; n < 3; n++) await recorder.record(record());
    await recorder.drain(30);
    expect(await counted('dropped')).toBe(3);
  });
});

describe('recording predictions where it is required', () => {
  it('waits for the broker, one request for all of a turn', async () => {
    const { recorder, batches } = setUp();
    const required = record({ recording: 'required' });
    await Promise.all([recorder.record(required), recorder.record(required), recorder.record(required)]);
    expect(batches).toMatchObject([{ records: 3 }]);
  });

  it('sends as many requests as it takes for records that do not fit into one', async () => {
    const { recorder, batches } = setUp();
    const large = record({ recording: 'required', inputsJson: JSON.stringify('x'.repeat(maxRecordedBytes - 2)) });
    await Promise.all(Array.from({ length: 9 }, () => recorder.record({ ...large, outputsJson: large.inputsJson! })));
    expect(batches.reduce((sum, { records }) => sum + records, 0)).toBe(9);
    for (const { bytes } of batches) expect(bytes.length).toBeLessThan(1_000_000);
  });

  it('refuses, to be tried again, when the broker is away, and keeps nothing', async () => {
    const { recorder, broker, counted, sent } = setUp();
    broker.up = false;
    await expect(recorder.record(record({ recording: 'required' }))).rejects.toMatchObject({
      code: 'KLT_DEPENDENCY_UNAVAILABLE',
      status: 503,
      options: { retryAfterSeconds: 1 },
    });
    expect(await counted('refused')).toBe(1);
    broker.up = true;
    await recorder.record(record({ recording: 'required' }));
    expect(sent()).toBe(1);
  });
});
