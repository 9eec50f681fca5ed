import { Redis } from 'ioredis';
import { createValkeyEngine } from '../../../local/engines/valkey-engine';
import { createOwnEngines } from '../../helpers/own-engines';

const engines = createOwnEngines();
afterAll(() => engines.end());

const open = (url: string) => {
  const redis = new Redis(url, { lazyConnect: true, enableReadyCheck: false, retryStrategy: () => null });
  redis.on('error', () => undefined);
  return redis;
};

it('keeps keys and users over kill -9', async () => {
  const engine = createValkeyEngine({ ...(await engines.place('kept')), password: 'admin' });
  const running = await engines.start(engine);
  const before = open(engine.endpoint.url);
  await before.set('tenant:a:key', 'value');
  await before.call('ACL', 'SETUSER', 'tenant_a', 'on', '>secret', '~tenant:a:*', '+get');
  await before.call('ACL', 'SAVE');
  // What `everysec` may still hold back is not what this is about.
  await before.call('WAITAOF', '1', '0', '5000');
  process.kill(running.pid, 'SIGKILL');
  await running.exited;
  before.disconnect();
  await engines.start(engine);
  const tenant = open(engine.endpoint.url.replace('kolate_admin:admin', 'tenant_a:secret'));
  expect(await tenant.get('tenant:a:key')).toBe('value');
  await expect(tenant.get('tenant:b:key')).rejects.toThrow('NOPERM');
  tenant.disconnect();
});

it('lets nobody in without a user of its list', async () => {
  const engine = createValkeyEngine({ ...(await engines.place('closed')), password: 'admin' });
  await engines.start(engine);
  const nobody = open(`redis://127.0.0.1:${engine.endpoint.port}`);
  await expect(nobody.get('a')).rejects.toThrow('NOAUTH');
  nobody.disconnect();
  const wrong = open(engine.endpoint.url.replace(':admin@', ':wrong@'));
  await expect(wrong.get('a')).rejects.toThrow(/WRONGPASS|NOAUTH|closed/);
  wrong.disconnect();
});
