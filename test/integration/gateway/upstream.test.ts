import { text } from 'node:stream/consumers';
import { createUpstream } from '../../../local/gateway/upstream';
import { startService } from '../../helpers/start-gateway';
import { freePort } from '../../helpers/start-issuer';

const ask = (method: 'GET' | 'POST') => ({
  ...{ path: '/v1/tenants', method, headers: {} },
  body: method === 'POST' ? Buffer.from('{}') : undefined,
  signal: new AbortController().signal,
});

describe('a service behind the gateway', () => {
  it('is asked again with GET when it refused the connection, as it does while it restarts', async () => {
    const port = await freePort();
    const upstream = createUpstream('it', `http://127.0.0.1:${port}`);
    const answer = upstream.send(ask('GET'));
    const service = await startService(port);
    try {
      const { statusCode, body } = await answer;
      expect([statusCode, await text(body)]).toEqual([200, '{"url":"/v1/tenants"}']);
    } finally {
      await upstream.close();
      await service.stop();
    }
  });

  it('is asked once only with POST, since it might have acted', async () => {
    const service = await startService();
    const upstream = createUpstream('it', service.origin);
    service.state.answer = (response) => response.destroy();
    try {
      await expect(upstream.send(ask('POST'))).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
      expect(service.heard).toHaveLength(1);
      await expect(upstream.send(ask('GET'))).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
      expect(service.heard).toHaveLength(5);
    } finally {
      await upstream.close();
      await service.stop();
    }
  });

  it('fails in the middle of its answer when the deadline passes there', async () => {
    const service = await startService();
    const upstream = createUpstream('it', service.origin, 100);
    service.state.answer = (response) => void response.writeHead(200).write('half');
    try {
      const { body } = await upstream.send(ask('GET'));
      await expect(text(body)).rejects.toMatchObject({ code: 'KLT_DEADLINE_EXCEEDED' });
    } finally {
      await upstream.close();
      await service.stop();
    }
  });
});
