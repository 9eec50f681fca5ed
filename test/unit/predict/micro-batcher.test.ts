import fc from 'fast-check';
import type { BatchQueue } from '../../../src/services/predict/inference/batch-calls';
import type { Answer, BatchTarget } from '../../../src/services/predict/inference/batch-job';
import { createMicroBatcher, type MicroBatcherOptions } from '../../../src/services/predict/inference/micro-batcher';
import { servingPlan } from '../../../src/services/predict/inference/serving-plan';
import { elementCount, type Tensor } from '../../../src/services/predict/inference/tensors';

const tensor = (shape: number[], data: number[]): Tensor => ({
  name: 'x',
  datatype: 'FP32',
  shape,
  data: Float32Array.from(data),
});
const outputs = ['y'];

/** A model that doubles, notes its calls, and takes `usPerRow` on a clock of its own. */
function doubling({ usPerRow = 1, batchable = true, failsOn = Number.NaN } = {}) {
  const calls: number[] = [];
  const clock = { ms: 0 };
  const signature = {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, -1] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, -1] }],
    batchable,
  };
  const target: BatchTarget = {
    plan: servingPlan(signature),
    run: ([input]) => {
      const { shape = [], data = [] } = input ?? {};
      calls.push(shape[0] ?? 0);
      clock.ms += ((shape[0] ?? 0) * usPerRow) / 1_000;
      const values = Array.from(data, Number);
      if (values.includes(failsOn)) throw new Error(`cannot take ${failsOn}`);
      return [{ name: 'y', datatype: 'FP32', shape, data: Float32Array.from(values, (value) => value * 2) }];
    },
  };
  return { target, calls, clock, now: () => clock.ms };
}
const later = 1e9;

/** A batcher with a queue for each model. */
function batcherWith(options: MicroBatcherOptions = {}) {
  const batcher = createMicroBatcher(options);
  const queues = new Map<BatchTarget, BatchQueue>();
  return {
    stats: batcher.stats,
    submit: async (target: BatchTarget, inputs: Tensor[], names: readonly string[], deadlineMs: number) => {
      const queue = queues.get(target) ?? batcher.open(target);
      queues.set(target, queue);
      const answer = await new Promise<Answer>((resolve, reject) =>
        batcher.submit(queue, inputs, names, deadlineMs, { resolve, reject }),
      );
      return answer.outputs;
    },
  };
}

describe('the micro-batcher', () => {
  it('gives each request its own rows, whatever their sizes, shapes and order', async () => {
    const request = fc.record({
      rows: fc.integer({ min: 0, max: 9 }),
      columns: fc.integer({ min: 1, max: 3 }),
      seed: fc.nat(1_000),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { maxLength: 30 }),
        fc.integer({ min: 1, max: 12 }),
        async (requests, maxRows) => {
          const { target, now, calls } = doubling();
          const batcher = batcherWith({ now, maxRows });
          const answers = await Promise.all(
            requests.map(({ rows, columns, seed }) => {
              const data = Array.from({ length: rows * columns }, (_, i) => seed + i);
              return batcher.submit(target, [tensor([rows, columns], data)], outputs, later);
            }),
          );
          answers.forEach(([answer], i) => {
            const { rows = 0, columns = 0, seed = 0 } = requests[i] ?? {};
            expect(answer?.shape).toEqual([rows, columns]);
            expect(Array.from(answer?.data ?? [], Number)).toEqual(
              Array.from({ length: elementCount([rows, columns]) }, (_, j) => (seed + j) * 2),
            );
          });
          expect(Math.max(0, ...calls)).toBeLessThanOrEqual(maxRows);
          expect(batcher.stats().waiting).toBe(0);
        },
      ),
    );
  });

  it('runs the requests of one turn in one call', async () => {
    const { target, now, calls } = doubling();
    const batcher = batcherWith({ now });
    await Promise.all([1, 2, 3].map((value) => batcher.submit(target, [tensor([1, 1], [value])], outputs, later)));
    expect(calls).toEqual([3]);
  });

  it('repeats a failed call request by request', async () => {
    const { target, now, calls } = doubling({ failsOn: 2 });
    const batcher = batcherWith({ now });
    const asked = [1, 2, 3].map((value) => batcher.submit(target, [tensor([1, 1], [value])], outputs, later));
    const results = await Promise.allSettled(asked);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(calls).toEqual([3, 1, 1, 1]);
  });

  it('never runs requests together where rows depend on each other', async () => {
    const { target, now, calls } = doubling({ batchable: false });
    const batcher = batcherWith({ now });
    await Promise.all(
      [5, 6].map((rows) => batcher.submit(target, [tensor([rows, 1], new Array(rows).fill(1))], outputs, later)),
    );
    expect(calls).toEqual([5, 6]);
  });

  it('stops batching a model whose answers turn out not to be row by row', async () => {
    const signature = { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }], outputs: [], batchable: true };
    const calls: number[] = [];
    const summing: BatchTarget = {
      plan: servingPlan(signature),
      run: ([input]) => {
        calls.push(input?.shape[0] ?? 0);
        return [tensor([1], [Array.from(input?.data ?? [], Number).reduce((sum, value) => sum + value, 0)])];
      },
    };
    const batcher = batcherWith();
    const ask = (...values: number[]) =>
      batcher.submit(summing, [tensor([values.length], values)], outputs, Number.POSITIVE_INFINITY);
    const answers = await Promise.all([ask(1, 2), ask(3, 4)]);
    expect(answers.map(([answer]) => Number(answer?.data[0]))).toEqual([3, 7]);
    await Promise.all([ask(1, 2), ask(3, 4)]);
    expect(calls).toEqual([4, 2, 2, 2, 2]);
  });

  it('sizes calls by the speed of the model, so that none lasts longer than a turn', async () => {
    const { target, now, calls } = doubling({ usPerRow: 500 });
    const batcher = batcherWith({ now, turnMs: 5 });
    for (let i = 0; i < 5; i++) await batcher.submit(target, [tensor([10, 1], new Array(10).fill(1))], outputs, later);
    calls.length = 0;
    await batcher.submit(target, [tensor([100, 1], new Array(100).fill(1))], outputs, later);
    expect(Math.max(...calls)).toBeLessThanOrEqual(20);
  });

  it('lets other work have its turn while a slow model has much to do', async () => {
    const { target, now } = doubling({ usPerRow: 2_000 });
    const batcher = batcherWith({ now, turnMs: 5 });
    let done = false;
    const slow = batcher.submit(target, [tensor([50, 1], new Array(50).fill(1))], outputs, later).then(() => {
      done = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBe(false);
    await slow;
  });

  it('gives models turns, so that a long queue of one does not hold up another', async () => {
    const order: string[] = [];
    const slow = doubling({ usPerRow: 4_000 });
    const fast = doubling();
    const batcher = batcherWith({ now: slow.now, turnMs: 5 });
    const queue = Array.from({ length: 20 }, () =>
      batcher.submit(slow.target, [tensor([1, 1], [1])], outputs, later).then(() => order.push('slow')),
    );
    queue.push(batcher.submit(fast.target, [tensor([1, 1], [1])], outputs, later).then(() => order.push('fast')));
    await Promise.all(queue);
    expect(order.indexOf('fast')).toBeLessThan(20);
  });

  it('computes nothing for a request whose deadline has passed', async () => {
    const { target, calls, now } = doubling();
    const batcher = batcherWith({ now });
    const asked = batcher.submit(target, [tensor([1, 1], [1])], outputs, 0);
    await expect(asked).rejects.toMatchObject({ code: 'KLT_DEADLINE_EXCEEDED' });
    expect(calls).toEqual([]);
  });
});
