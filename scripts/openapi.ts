import { allRoutes } from '../src/contracts/http/all-routes';
import { toOpenApi } from '../src/contracts/http/to-openapi';

/** Prints the HTTP API as OpenAPI 3.1, and nothing else. */
process.stdout.write(`${JSON.stringify(toOpenApi(allRoutes), null, 2)}\n`);
