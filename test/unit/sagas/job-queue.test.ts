import { createJobQueue, type Job } from '../../../src/services/core/sagas/job-queue';

const job = (...sagaIds: string[]): Job => ({
  requests: sagaIds.map((sagaId) => ({ kind: 'input', sagaId, messageId: undefined, input: { kind: 'woken' } })),
  ...{ position: undefined, resolve: () => undefined, reject: () => undefined },
});
const ids = (jobs: readonly Job[]): string[][] => jobs.map(({ requests }) => requests.map(({ sagaId }) => sagaId));

it('hands out jobs in their order, up to the size of a batch, but always one', () => {
  const queue = createJobQueue(3);
  for (const each of [job('a', 'b'), job('c'), job('d'), job('e', 'f', 'g', 'h')]) queue.add(each);
  expect(queue.size()).toBe(8);
  expect(ids(queue.take())).toEqual([['a', 'b'], ['c']]);
  expect(ids(queue.take())).toEqual([['d']]);
  expect(ids(queue.take())).toEqual([['e', 'f', 'g', 'h']]);
  expect(queue.size()).toBe(0);
});

it('keeps back what concerns a saga of a batch under way, and everything later of the sagas that it keeps back', () => {
  const queue = createJobQueue(10);
  queue.add(job('a'));
  const first = queue.take();
  for (const each of [job('a', 'b'), job('b'), job('c')]) queue.add(each);
  expect(ids(queue.take())).toEqual([['c']]);
  expect(queue.take()).toEqual([]);
  queue.release(first);
  expect(ids(queue.take())).toEqual([['a', 'b'], ['b']]);
});

it('counts a job that only moves a position', () => {
  const queue = createJobQueue(10);
  queue.add(job());
  expect(queue.size()).toBe(1);
  expect(queue.take()).toHaveLength(1);
  expect(queue.size()).toBe(0);
});
