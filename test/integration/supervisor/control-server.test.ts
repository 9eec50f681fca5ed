import { type ControlServer, startControlServer } from '../../../local/supervisor/control-server';

const token = 'token-of-the-control-endpoint';
const status = { home: '/home', pid: 1, startedAt: '', ready: true, memoryBytes: 1, processes: [] };
let control: ControlServer;

beforeAll(async () => {
  control = await startControlServer(token, async () => status);
});
afterAll(() => control.close());

const ask = (path: string, bearer: string) =>
  fetch(`${control.url}${path}`, { headers: { authorization: `Bearer ${bearer}` } });

it('tells the status to who has the token', async () => {
  expect(await (await ask('/status', token)).json()).toEqual(status);
});

it('tells nobody else', async () => {
  expect((await ask('/status', token.replace('t', 'T'))).status).toBe(401);
  expect((await fetch(`${control.url}/status`)).status).toBe(401);
});

it('answers 404 to anything else', async () => {
  expect((await ask('/stop', token)).status).toBe(404);
});
