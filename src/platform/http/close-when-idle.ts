import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';

/**
 * Lets `app.close()` end as soon as the last request is answered. Node alone would wait for connections on which
 * nothing was ever asked (browsers and pools open some in advance) until their headers time out.
 */
export function closeWhenIdle(app: FastifyInstance): void {
  let inFlight = 0;
  let closing = false;
  const closeRest = (): void => {
    if (closing && inFlight === 0) setImmediate(() => app.server.closeAllConnections());
  };
  app.server.on('request', (_request, response: ServerResponse) => {
    inFlight += 1;
    response.once('close', () => {
      inFlight -= 1;
      closeRest();
    });
  });
  app.addHook('preClose', (done) => {
    closing = true;
    closeRest();
    done();
  });
}
