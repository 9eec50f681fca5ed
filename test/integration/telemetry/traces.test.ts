import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { KolateError } from '../../../src/contracts/errors';
import { operationCancelRequested } from '../../../src/contracts/events/saga-messages';
import { createServiceApp } from '../../../src/platform/http/create-service-app';
import { createBatchLoop } from '../../../src/platform/kafka/batch-loop';
import { unregisteredMetrics } from '../../../src/platform/kafka/consumer-metrics';
import { on } from '../../../src/platform/kafka/event-handler';
import { encodeMessage, newMessage } from '../../../src/platform/kafka/message-codec';
import { createMessageLoop } from '../../../src/platform/kafka/message-loop';
import type { ReceivedRecord } from '../../../src/platform/kafka/record';
import { createOtlpTracer, type OtlpTracerOptions } from '../../../src/platform/telemetry/create-otlp-tracer';
import { createTracer } from '../../../src/platform/telemetry/create-tracer';
import type { Tracer } from '../../../src/platform/telemetry/tracer';
import { createTestLog, quickBackoff } from '../../helpers/messaging';
import { startOtlpReceiver } from '../../helpers/otlp-receiver';
import { until } from '../../helpers/until';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentSpanId = '00f067aa0ba902b7';
const sampled = `00-${traceId}-${parentSpanId}-01`;
const unsampled = `00-${traceId}-${parentSpanId}-00`;
const { log, lines } = createTestLog();

type Receiver = Awaited<ReturnType<typeof startOtlpReceiver>>;
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
async function receive(options = {}): Promise<Receiver> {
  const receiver = await startOtlpReceiver(options);
  open.push(receiver.close);
  return receiver;
}
/** Sends only when it is told to end, unless another `everyMs` is given. */
function tracerTo(endpoint: string, more: Partial<OtlpTracerOptions> = {}): { tracer: Tracer; registry: Registry } {
  const registry = new Registry();
  const tracer = createOtlpTracer({
    ...{ service: 'core', endpoint, ratio: 0, log, registry, everyMs: 3_600_000 },
    ...more,
  });
  return { tracer, registry };
}
const outcomes = async (registry: Registry) => {
  const found = await registry.getSingleMetric('kolate_spans_total')?.get();
  return Object.fromEntries(found?.values.map(({ labels, value }) => [labels.outcome, value]) ?? []);
};

function appWith(tracer: Tracer | undefined): FastifyInstance {
  const app = createServiceApp({ log, probes: [], ...(tracer ? { tracer } : {}) });
  app.get('/v1/things/:id', (request) => ({ traceparent: request.trace.traceparent }));
  app.get('/v1/broken', () => {
    throw new Error('the inside of the service');
  });
  open.push(() => app.close());
  return app;
}

describe('a request whose caller records', () => {
  it('is a span below the caller’s, named after its route, and what follows from it is below itself', async () => {
    const { endpoint, spans, paths } = await receive();
    const { tracer } = tracerTo(endpoint);
    const answer = await appWith(tracer).inject({ url: '/v1/things/7?x=secret', headers: { traceparent: sampled } });
    await tracer.close();
    expect(paths).toEqual(['/v1/traces']);
    expect(spans).toMatchObject([
      {
        ...{ service: 'core', traceId, parentSpanId, name: 'GET /v1/things/:id', kind: 2, failed: false },
        attributes: {
          'http.request.method': 'GET',
          'http.route': '/v1/things/:id',
          'url.path': '/v1/things/7',
          'http.response.status_code': 200,
        },
      },
    ]);
    expect(JSON.stringify(spans)).not.toContain('secret');
    expect(answer.json().traceparent).toBe(`00-${traceId}-${spans[0]?.spanId}-01`);
  });

  it('is marked as failed when the service failed, and not when the caller did', async () => {
    const { endpoint, spans } = await receive();
    const { tracer } = tracerTo(endpoint);
    const app = appWith(tracer);
    await app.inject({ url: '/v1/broken', headers: { traceparent: sampled } });
    await app.inject({ url: '/v1/nowhere', headers: { traceparent: sampled } });
    await tracer.close();
    expect(spans.map(({ name, failed, attributes }) => [name, failed, attributes['error.type']])).toEqual([
      ['GET /v1/broken', true, '500'],
      ['GET', false, undefined],
    ]);
  });
});

describe('which requests are recorded', () => {
  it('is the caller’s choice', async () => {
    const { endpoint, spans } = await receive();
    const { tracer } = tracerTo(endpoint, { ratio: 1 });
    const answer = await appWith(tracer).inject({ url: '/v1/things/7', headers: { traceparent: unsampled } });
    await tracer.close();
    expect(spans).toEqual([]);
    expect(answer.json().traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
  });

  it.each([
    [0.24, 1, /-01$/],
    [0.25, 0, /-00$/],
  ])('is drawn where nobody has chosen: %d of a ratio of 0.25 gives %d spans', async (drawn, count, flag) => {
    const { endpoint, spans } = await receive();
    const { tracer } = tracerTo(endpoint, { ratio: 0.25, random: () => drawn });
    const app = appWith(tracer);
    for (const headers of [{}, { traceparent: `00-${'0'.repeat(32)}-${parentSpanId}-01` }]) {
      const answer = await app.inject({ url: '/v1/things/7', headers });
      expect(answer.json().traceparent).toMatch(flag);
    }
    await tracer.close();
    expect(spans).toHaveLength(2 * count);
    for (const span of spans) expect(span.parentSpanId).toBeUndefined();
  });

  it('is never a probe', async () => {
    const { endpoint, spans } = await receive();
    const { tracer } = tracerTo(endpoint, { ratio: 1 });
    const app = appWith(tracer);
    for (const url of ['/healthz', '/readyz', '/metrics']) await app.inject({ url });
    await tracer.close();
    expect(spans).toEqual([]);
  });

  it('is none at all without a collector, and traces go on as ever', async () => {
    const registry = new Registry();
    const tracer = await createTracer({ service: 'core', log, registry, env: { KOLATE_TRACES_RATIO: 1 } });
    expect(tracer).toBeUndefined();
    expect(await registry.getMetricsAsJSON()).toEqual([]);
    const answer = await appWith(tracer).inject({ url: '/v1/things/7', headers: { traceparent: sampled } });
    expect(answer.json().traceparent).toMatch(new RegExp(`^00-${traceId}-(?!${parentSpanId})[0-9a-f]{16}-01$`));
  });

  it('is as the environment says, where it names a collector', async () => {
    const { endpoint, spans } = await receive();
    const env = { KOLATE_TRACES_ENDPOINT: `${endpoint}/`, KOLATE_TRACES_RATIO: 1 };
    const tracer = await createTracer({ service: 'predict', log, registry: new Registry(), env });
    tracer?.begin('internal', 'work', undefined)?.end();
    await tracer?.close();
    expect(spans).toMatchObject([{ service: 'predict', name: 'work', kind: 1 }]);
  });
});

const event = operationCancelRequested;
function recordOf(traceparent: string | undefined, offset: number): ReceivedRecord {
  const data = { operationId: '0197f3d4-1111-7000-8000-000000000001' };
  const message = newMessage(event, 'test', { key: 'k', data, ...(traceparent ? { traceparent } : {}) });
  const { topic, key, value, headers } = encodeMessage(event.topic.name, message);
  const bytes = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]);
  const asBuffer = (text: typeof key) => (text === null ? null : Buffer.from(text));
  return {
    topic,
    partition: 3,
    offset,
    key: asBuffer(key),
    value: asBuffer(value),
    headers: Object.fromEntries(bytes),
  };
}
const control = { isCurrent: () => true, wait: async () => undefined };
const loopOptions = {
  group: 'readers',
  attempts: 1,
  backoff: quickBackoff,
  metrics: unregisteredMetrics(),
  log,
  now: Date.now,
};

describe('a consumed message', () => {
  it('is a span below its producer’s, and its handler sends below that', async () => {
    const { endpoint, spans } = await receive();
    const { tracer } = tracerTo(endpoint);
    const heard: (string | undefined)[] = [];
    const loop = createMessageLoop<undefined>({
      ...{ ...loopOptions, tracer, maxPerTransaction: 10 },
      handlers: [on(event, async (message) => void heard.push(message.traceparent))],
      store: {
        position: async () => undefined,
        isSeen: async () => false,
        async apply(_group, entries, effect) {
          await effect(undefined, [...entries.keys()]);
          return entries.map(() => 'fresh' as const);
        },
        setAside: async () => undefined,
        ping: async () => undefined,
      },
    });
    await loop([recordOf(sampled, 7), recordOf(unsampled, 8), recordOf(undefined, 9)], control);
    await tracer.close();
    expect(spans).toMatchObject([
      {
        ...{ traceId, parentSpanId, name: `process ${event.topic.name}`, kind: 5, failed: false },
        attributes: {
          'messaging.kafka.offset': 7,
          'messaging.consumer.group.name': 'readers',
          'kolate.event_type': event.type,
        },
      },
    ]);
    expect(heard).toEqual([`00-${traceId}-${spans[0]?.spanId}-01`, unsampled, undefined]);
  });

  it('is marked as failed by its code when its handler fails, in a batch too', async () => {
    const { endpoint, spans } = await receive();
    const { tracer } = tracerTo(endpoint);
    const loop = createBatchLoop({
      ...{ ...loopOptions, tracer, maxBatch: 10, events: [event], producer: { send: async () => undefined } },
      handleBatch: async () => {
        throw new KolateError('KLT_EVENT_INVALID', 'no');
      },
    });
    await loop([recordOf(sampled, 1)], control);
    await tracer.close();
    expect(spans.map(({ failed, attributes }) => [failed, attributes['error.type']])).toEqual([
      [true, 'KLT_EVENT_INVALID'],
    ]);
  });
});

describe('the queue of spans', () => {
  const fill = (tracer: Tracer, count: number): void => {
    for (let i = 0; i < count; i++) tracer.begin('internal', `work ${i}`, sampled)?.end();
  };

  it('is sent by itself after a while', async () => {
    const { endpoint, spans } = await receive();
    const { tracer } = tracerTo(endpoint, { everyMs: 1 });
    fill(tracer, 1);
    await until(() => spans.length === 1);
    await tracer.close();
  });

  it('loses none at the end', async () => {
    const { endpoint, spans } = await receive();
    const { tracer, registry } = tracerTo(endpoint);
    fill(tracer, 1_500);
    await tracer.close();
    expect(new Set(spans.map(({ name }) => name)).size).toBe(1_500);
    expect(await outcomes(registry)).toEqual({ exported: 1_500 });
  });

  it('drops what is too much, those on their way included, and counts it', async () => {
    const { endpoint, spans, release } = await receive({ hold: true });
    const { tracer, registry } = tracerTo(endpoint, { maxSpans: 10, everyMs: 1 });
    fill(tracer, 10);
    await new Promise(setImmediate);
    fill(tracer, 5);
    expect(await outcomes(registry)).toEqual({ dropped: 5 });
    release();
    await until(() => spans.length === 10);
    await until(async () => (await outcomes(registry)).exported === 10);
    fill(tracer, 1);
    await tracer.close();
    expect(await outcomes(registry)).toEqual({ dropped: 5, exported: 11 });
  });

  it('does not hold up the end when nobody takes the spans, and says so', async () => {
    const { endpoint, close } = await startOtlpReceiver();
    await close();
    const { tracer } = tracerTo(endpoint);
    fill(tracer, 3);
    await expect(tracer.close()).resolves.toBeUndefined();
    expect(lines.join('')).toMatch(/spans could not be exported|the last spans could not be sent/);
  });
});
