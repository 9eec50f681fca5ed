import { allRoutes } from '../src/contracts/http/all-routes';
import { toOpenApi } from '../src/contracts/http/to-openapi';
import { runScript } from './command/run-script';

const usage = `npm run openapi
Prints the HTTP API as OpenAPI 3.1, and nothing else.
Example: npm run --silent openapi > openapi.json`;

// A reader that has seen enough (`npm run openapi | head`) closes the pipe; that is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

runScript({ usage, options: {} }, () => {
  process.stdout.write(`${JSON.stringify(toOpenApi(allRoutes), null, 2)}\n`);
  return 0;
});
