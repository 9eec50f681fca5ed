import { createServer } from 'node:net';
import { holdFreePort } from '../../../local/engines/free-port';

it('hands out ports below those of outgoing connections, never the same one twice at once', async () => {
  const held = await Promise.all(Array.from({ length: 20 }, () => holdFreePort()));
  const ports = held.map(({ port }) => port);
  expect(new Set(ports).size).toBe(20);
  expect(ports.every((port) => port >= 10_000 && port < 32_768)).toBe(true);
  await Promise.all(held.map(({ release }) => release()));
});

it('keeps the port that was wished for when it is free, and takes another when somebody listens there', async () => {
  const first = await holdFreePort();
  await first.release();
  const again = await holdFreePort(first.port);
  expect(again.port).toBe(first.port);
  await again.release();
  const listener = createServer().listen(first.port, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const other = await holdFreePort(first.port);
  expect(other.port).not.toBe(first.port);
  await other.release();
  listener.close();
});
