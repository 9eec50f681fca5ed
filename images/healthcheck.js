// Whether the process answers; what it depends on is not asked, since a new task would have the same dependencies.
const { get } = require('node:http');

const fail = () => process.exit(1);
get({ host: '127.0.0.1', port: process.env.KOLATE_PORT ?? 8080, path: '/healthz', timeout: 3_000 }, (response) =>
  process.exit(response.statusCode === 200 ? 0 : 1),
)
  .on('timeout', fail)
  .on('error', fail);
