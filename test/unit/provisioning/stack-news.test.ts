import type { LatestOptions } from '../../../src/platform/kafka/subscribe-latest';
import { createStackNews } from '../../../src/services/enterprise-info/provisioning/create-stack-news';

const forEver = 2_000_000_000;
const never = new AbortController().signal;

async function following() {
  const news = createStackNews();
  let heard: LatestOptions | undefined;
  await news.follow({
    async subscribeLatest(options) {
      heard = options;
      return { stop: async () => undefined };
    },
  });
  const tell = (stackName: string) =>
    heard?.onMessage({ data: { stackName, stackId: 'arn', status: 'CREATE_COMPLETE' } } as never);
  return { news, tell, miss: () => heard?.onGap() };
}

describe('news of stacks', () => {
  it('wakes whoever waits for that stack, and nobody else', async () => {
    const { news, tell } = await following();
    const other = new AbortController();
    const waiting = [news.waitForChange('a', forEver, never), news.waitForChange('a', forEver, never)];
    const untold = news.waitForChange('b', forEver, other.signal);
    await tell('a');
    await Promise.all(waiting);
    other.abort();
    await expect(untold).rejects.toThrow('aborted');
  });

  it('that comes before anybody waits, or again, is nothing', async () => {
    const { news, tell } = await following();
    await tell('a');
    await tell('a');
    const waiting = news.waitForChange('a', forEver, never);
    await tell('a');
    await expect(waiting).resolves.toBeUndefined();
  });

  it('lets everybody look when some may have been missed', async () => {
    const { news, miss } = await following();
    const waiting = [news.waitForChange('a', forEver, never), news.waitForChange('b', forEver, never)];
    await miss();
    await expect(Promise.all(waiting)).resolves.toHaveLength(2);
  });

  it('that never comes is waited for no longer than the poll', async () => {
    const { news } = await following();
    await expect(news.waitForChange('a', 5, never)).resolves.toBeUndefined();
  });

  it('is waited for no longer than the caller wants to', async () => {
    const { news } = await following();
    await expect(news.waitForChange('a', forEver, AbortSignal.abort())).rejects.toThrow('aborted');
  });
});
