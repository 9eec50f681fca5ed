import RequestQueue from 'kafkajs/src/network/requestQueue';
import { restWhenIdle } from '../../../src/platform/kafka/rest-when-idle';

describe('a connection of kafkajs', () => {
  let queue: RequestQueue;

  beforeEach(() => {
    restWhenIdle();
    jest.useFakeTimers();
    queue = new RequestQueue({
      ...{ requestTimeout: 1_000, enforceRequestTimeout: false, clientId: 'test', broker: '127.0.0.1:9092' },
      logger: { debug: () => undefined },
    });
  });

  afterEach(() => {
    queue.destroy();
    jest.useRealTimers();
  });

  it('sets no timer while it has nothing to send', () => {
    queue.scheduleCheckPendingRequests();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('looks again as long as something waits, and rests when it has gone out', () => {
    queue.pending.push({ send: () => undefined, expectResponse: true, correlationId: 1 });
    queue.scheduleCheckPendingRequests();
    expect(jest.getTimerCount()).toBe(1);
    jest.runOnlyPendingTimers();
    expect(queue.pending).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('looks again when a broker’s patience is over, and not before', () => {
    queue.throttledUntil = Date.now() + 500;
    queue.pending.push({ send: () => undefined, expectResponse: true, correlationId: 1 });
    queue.scheduleCheckPendingRequests();
    jest.advanceTimersByTime(499);
    expect(queue.pending).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(queue.pending).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
