import { createSessionCache } from '../../../src/services/predict/inference/session-cache';
import { linearModel } from '../../builders/onnx-models';
import { resolvedModel } from '../../builders/resolved-model';

const megabyte = 1_048_576;
const of = (tenantId: string, model: string, megabytes = 1) =>
  resolvedModel(linearModel(), { tenantId, model, sizeBytes: megabytes * megabyte });

function cacheOf(budgetMegabytes: number) {
  const released: string[] = [];
  const loaded: string[] = [];
  let time = 0;
  const cache = createSessionCache<string>({
    budgetBytes: budgetMegabytes * megabyte,
    load: async ({ tenantId, model, sizeBytes }) => {
      loaded.push(`${tenantId}/${model}`);
      if (model === 'broken') throw new Error('cannot be loaded');
      return { value: `${tenantId}/${model}`, costBytes: sizeBytes };
    },
    release: (value) => released.push(value),
    now: () => time,
  });
  const touch = async (model: ReturnType<typeof of>) => cache.unpin(await cache.acquire(model));
  return { cache, released, loaded, touch, wait: (ms: number) => (time += ms) };
}

describe('the session cache', () => {
  it('stays within its budget, letting the least recently used model of a tenant go first', async () => {
    const { cache, released, touch } = cacheOf(3);
    for (const name of ['m1', 'm2', 'm3']) await touch(of('a', name));
    await touch(of('a', 'm1'));
    await touch(of('a', 'm4'));
    expect(released).toEqual(['a/m2']);
    expect(cache.stats()).toMatchObject({ models: 3, bytes: 3 * megabyte, evictions: 1 });
  });

  it('takes room from the tenant that is over its share, not from the one that was quiet', async () => {
    const { released, touch } = cacheOf(4);
    await touch(of('quiet', 'm'));
    for (const name of ['m1', 'm2', 'm3', 'm4', 'm5']) await touch(of('greedy', name));
    expect(released).toEqual(['greedy/m1', 'greedy/m2']);
  });

  it('rather goes over its budget for a while than take a quiet tenant’s model for those that a greedy one is using', async () => {
    const { cache, released, touch } = cacheOf(3);
    await touch(of('quiet', 'm'));
    const busy = [
      await cache.acquire(of('greedy', 'm1')),
      await cache.acquire(of('greedy', 'm2')),
      await cache.acquire(of('greedy', 'm3')),
    ];
    expect(released).toEqual([]);
    for (const entry of busy) cache.unpin(entry);
    await touch(of('greedy', 'm4'));
    expect(released).toEqual(['greedy/m1', 'greedy/m2']);
  });

  it('loads once for callers that ask at once', async () => {
    const { cache, loaded } = cacheOf(4);
    const model = of('a', 'm');
    const entries = await Promise.all([cache.acquire(model), cache.acquire(model), cache.acquire({ ...model })]);
    expect(loaded).toEqual(['a/m']);
    expect(entries[0]?.pins).toBe(3);
  });

  it('releases a model in use only when its last user is done', async () => {
    const { cache, released } = cacheOf(4);
    const entry = await cache.acquire(of('a', 'm'));
    cache.drop('tenant/of/another');
    cache.drop(entry.key);
    expect(cache.peek(of('a', 'm'))).toBeUndefined();
    expect(released).toEqual([]);
    cache.unpin(entry);
    expect(released).toEqual(['a/m']);
  });

  it('does not make room for itself, nor from models in use', async () => {
    const { cache, released, touch } = cacheOf(2);
    const busy = await cache.acquire(of('a', 'busy'));
    await touch(of('a', 'm1'));
    await touch(of('a', 'm2'));
    expect(released).toEqual(['a/m1']);
    cache.unpin(busy);
  });

  it('answers a failed load from memory for a while, then tries again', async () => {
    const { cache, loaded, wait } = cacheOf(2);
    const broken = of('a', 'broken');
    await expect(cache.acquire(broken)).rejects.toThrow('cannot be loaded');
    await expect(cache.acquire(broken)).rejects.toThrow('cannot be loaded');
    expect(loaded).toHaveLength(1);
    wait(2_001);
    await expect(cache.acquire(broken)).rejects.toThrow('cannot be loaded');
    expect(loaded).toHaveLength(2);
  });

  it('refuses a model that is larger than the whole cache', async () => {
    const { cache, loaded } = cacheOf(2);
    await expect(cache.acquire(of('a', 'm', 3))).rejects.toMatchObject({ code: 'KLT_INFERENCE_OUT_OF_BOUNDS' });
    expect(loaded).toEqual([]);
  });

  it('loads a few models at a time and refuses when too many wait', async () => {
    const gates: (() => void)[] = [];
    const cache = createSessionCache<string>({
      budgetBytes: 200 * megabyte,
      load: ({ model }) => new Promise((resolve) => gates.push(() => resolve({ value: model, costBytes: megabyte }))),
      release: () => undefined,
      maxLoads: 2,
    });
    const loads = Array.from({ length: 70 }, (_, i) => cache.acquire(of('a', `m${i}`)));
    const outcomes = Promise.allSettled(loads);
    expect(gates).toHaveLength(2);
    for (let i = 0; i < gates.length; i++) {
      gates[i]?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const codes = (await outcomes).map((outcome) => (outcome.status === 'fulfilled' ? 'loaded' : outcome.reason.code));
    expect(codes.filter((code) => code === 'loaded')).toHaveLength(66);
    expect(codes.filter((code) => code === 'KLT_OVERLOADED')).toHaveLength(4);
  });
});
