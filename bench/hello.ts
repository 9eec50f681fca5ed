import type { AddressInfo } from 'node:net';
import fastify from 'fastify';

// The reference of M1 and M2: fastify's own hello world, nothing added and nothing left out.
const app = fastify();
app.get('/', async () => ({ hello: 'world' }));

app.listen({ port: 0, host: '127.0.0.1' }).then(
  () => process.send?.({ port: (app.server.address() as AddressInfo).port }),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  },
);
process.on('SIGTERM', () => process.exit(0));
