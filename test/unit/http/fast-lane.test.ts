import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { FastRequest, Respond } from '../../../src/platform/http/fast-lane/connection';
import { type FastLane, installFastLane } from '../../../src/platform/http/fast-lane/install-fast-lane';
import { until } from '../../helpers/until';

type Route = { readonly target: string };
type Handle = (request: FastRequest<Route>, respond: Respond) => void;

const echo: Handle = (request, respond) =>
  respond(request, {
    status: 200,
    headers: 'x-lane: fast\r\n',
    contentType: 'text/plain',
    body: `fast ${request.body.toString()}`,
    ascii: false,
  });

let server: Server;
let lane: FastLane;
let handle: Handle;
const sockets: Socket[] = [];

beforeEach(async () => {
  handle = echo;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => response.end(`node ${request.method} ${request.url} ${Buffer.concat(chunks)}`));
  });
  lane = installFastLane<Route>(server, {
    match: (target) => (target.startsWith('/fast') ? { target } : undefined),
    handle: (request, respond) => handle(request, respond),
    extraHeader: 'x-extra',
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  lane.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A connection, with everything that came over it so far. */
function open() {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  const seen = { text: '', ended: false };
  socket.on('data', (chunk) => {
    seen.text += chunk.toString();
  });
  socket.on('end', () => {
    seen.ended = true;
  });
  socket.on('error', () => undefined);
  return { socket, seen };
}

const post = (body: string, headers = '', path = '/fast'): string =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** Bodies of the answers in `text`, in order. */
const bodies = (text: string): string[] =>
  [...text.matchAll(/(fast|node) [^\r]*?(?=HTTP\/1|$)/g)].map(([body]) => body);

describe('the fast lane', () => {
  it('answers a plain request, with its length, type, date and headers', async () => {
    const { socket, seen } = open();
    socket.write(post('häla'));
    await until(() => seen.text.endsWith('fast häla'));
    expect(seen.text).toMatch(
      /^HTTP\/1\.1 200 OK\r\ndate: \w{3}, [^\r]+ GMT\r\ncontent-type: text\/plain\r\nx-lane: fast\r\ncontent-length: 10\r\n\r\nfast häla$/,
    );
  });

  it('hands out the headers that it was asked for, however they are written', async () => {
    let head: FastRequest['head'] | undefined;
    handle = (request, respond) => {
      head = request.head;
      echo(request, respond);
    };
    const { socket, seen } = open();
    const headers =
      'Authorization:Bearer x  \r\nX-EXTRA: 12\r\nTraceParent: 00-a\r\nX-Request-Id: me\r\nConnection: Keep-Alive\r\n';
    socket.write(post('', headers));
    await until(() => seen.text.includes('fast'));
    expect(head).toMatchObject({ authorization: 'Bearer x', extra: '12', traceparent: '00-a', requestId: 'me' });
  });

  it('reads a request whole wherever it was cut on its way', async () => {
    const text = post('one') + post('two');
    for (let cut = 1; cut < text.length; cut += 3) {
      const { socket, seen } = open();
      socket.setNoDelay(true).write(text.slice(0, cut));
      await new Promise(setImmediate);
      socket.write(text.slice(cut));
      await until(() => bodies(seen.text).length === 2);
      expect(bodies(seen.text)).toEqual(['fast one', 'fast two']);
      socket.destroy();
    }
  });

  it('reads heads that are like the last but for their ids as well as any other', async () => {
    const heads: FastRequest['head'][] = [];
    handle = (request, respond) => {
      heads.push(request.head);
      echo(request, respond);
    };
    const { socket, seen } = open();
    const ask = async (body: string, headers: string): Promise<FastRequest['head'] | undefined> => {
      const count = heads.length;
      socket.write(post(body, headers));
      await until(() => heads.length > count && seen.text.endsWith(`fast ${body}`));
      return heads.at(-1);
    };
    const caller = (token: string, id: string, trace: string) =>
      `authorization: Bearer ${token}${'x'.repeat(60)}\r\nx-request-id: ${id}\r\nx-extra: 7\r\ntraceparent: ${trace}\r\n`;
    for (const id of ['aaa', 'bbb', 'ccc']) {
      const head = { requestId: id, traceparent: `00-${id}`, contentLength: 3, extra: '7', target: '/fast' };
      expect(await ask(id, caller('one', id, `00-${id}`))).toMatchObject(head);
    }
    // Another caller, whose token is as long; values of other lengths, and none; then the first again.
    expect(await ask('ddd', caller('two', 'ddd', '00-ddd'))).toMatchObject({
      authorization: `Bearer two${'x'.repeat(60)}`,
      requestId: 'ddd',
    });
    expect(await ask('e'.repeat(12), caller('two', 'longer', ''))).toMatchObject({
      requestId: 'longer',
      contentLength: 12,
    });
    expect(await ask('f', '')).toEqual({ target: '/fast', contentLength: 1 });
    expect(await ask('ggg', caller('one', 'ggg', '00-ggg'))).toMatchObject({ requestId: 'ggg', contentLength: 3 });
  });

  it('hands over a head that is like the last but for what it must not be', async () => {
    const { socket, seen } = open();
    const like = (length: string) => `POST /fast HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n`;
    for (const body of ['a', 'b', 'c']) {
      socket.write(like('1') + body);
      await until(() => seen.text.endsWith(`fast ${body}`));
    }
    socket.write(like('x'));
    await until(() => seen.text.includes('HTTP/1.1 400 Bad Request'));
  });

  it('answers in the order of the requests, whichever is ready first', async () => {
    const waiting: (() => void)[] = [];
    handle = (request, respond) => {
      if (request.body.toString() === 'slow') waiting.push(() => echo(request, respond));
      else echo(request, respond);
    };
    const { socket, seen } = open();
    socket.write(post('a') + post('slow') + post('b') + post('c'));
    await until(() => bodies(seen.text).length === 1);
    await new Promise(setImmediate);
    expect(bodies(seen.text)).toEqual(['fast a']);
    waiting[0]?.();
    await until(() => bodies(seen.text).length === 4);
    expect(bodies(seen.text)).toEqual(['fast a', 'fast slow', 'fast b', 'fast c']);
  });

  it('sends bytes as they are, between texts', async () => {
    handle = (request, respond) => {
      const body = request.body.toString() === 'bytes' ? Buffer.from('fast \x01\x02') : 'fast text';
      respond(request, { status: 200, headers: '', contentType: 'a/b', body, ascii: true });
    };
    const { socket, seen } = open();
    socket.write(post('') + post('bytes') + post(''));
    await until(() => bodies(seen.text).length === 3);
    expect(bodies(seen.text)).toEqual(['fast text', 'fast \x01\x02', 'fast text']);
  });

  it('takes more requests at once than it handles at a time', async () => {
    const { socket, seen } = open();
    socket.write(Array.from({ length: 1_000 }, (_, n) => post(`${n}.`)).join(''));
    await until(() => bodies(seen.text).length === 1_000);
    expect(bodies(seen.text)).toEqual(Array.from({ length: 1_000 }, (_, n) => `fast ${n}.`));
  });

  it.each([
    ['another method', 'GET /fast HTTP/1.1\r\nhost: a\r\n\r\n', 'node GET /fast '],
    ['another path', post('x', '', '/slow'), 'node POST /slow x'],
    [
      'a chunked body',
      'POST /fast HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n',
      'node POST /fast x',
    ],
    ['a packed body', post('x', 'content-encoding: gzip\r\n'), 'node POST /fast x'],
    ['a body over 64 KiB', post('x'.repeat(70_000)), `node POST /fast ${'x'.repeat(70_000)}`],
    ['a wish to be closed', post('x', 'connection: close\r\n'), 'node POST /fast x'],
    ['HTTP/1.0', 'POST /fast HTTP/1.0\r\nhost: a\r\ncontent-length: 1\r\n\r\nx', 'node POST /fast x'],
    ['no body', 'POST /fast HTTP/1.1\r\nhost: a\r\n\r\n', 'node POST /fast '],
  ])('hands over a connection with %s, which Node’s server answers', async (_what, request, answer) => {
    const { socket, seen } = open();
    socket.write(post('before'));
    await until(() => seen.text.includes('fast before'));
    socket.write(request);
    await until(() => seen.text.includes(answer.slice(0, 40)));
    await until(() => seen.text.replace(/\r\n[0-9a-f]+\r\n/g, '\r\n').includes(answer.slice(-40)));
  });

  it('keeps the order of answers over a handing over, and serves on', async () => {
    const waiting: (() => void)[] = [];
    handle = (request, respond) => waiting.push(() => echo(request, respond));
    const { socket, seen } = open();
    socket.write(`${post('one')}${post('two', '', '/slow')}${post('three')}`);
    await until(() => waiting.length === 1);
    await new Promise(setImmediate);
    expect(seen.text).toBe('');
    waiting[0]?.();
    await until(() => seen.text.includes('node POST /fast three'));
    expect(bodies(seen.text)).toEqual(['fast one', 'node POST /slow two', 'node POST /fast three']);
  });

  it.each([
    ['two lengths', 'POST /fast HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxy'],
    ['a length that is no number', 'POST /fast HTTP/1.1\r\nhost: a\r\ncontent-length: +1\r\n\r\nx'],
    ['a length and chunks', post('x', 'transfer-encoding: chunked\r\n')],
    ['a space before a colon', 'POST /fast HTTP/1.1\r\nhost: a\r\ncontent-length : 1\r\n\r\nx'],
    ['a folded line', post('x', 'x-a: b\r\n folded: c\r\n')],
    ['a line that ends in LF alone', 'POST /fast HTTP/1.1\r\nhost: a\ncontent-length: 1\r\n\r\nx'],
    ['a carriage return within a line', post('x', 'x-a: b\rc: d\r\n')],
    ['no Host', 'POST /fast HTTP/1.1\r\ncontent-length: 1\r\n\r\nx'],
    ['two Hosts', post('x', 'host: b\r\n')],
    ['a space in the target', 'POST /fast x HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx'],
  ])('does not judge a request with %s: Node’s parser does', async (_what, request) => {
    let taken = 0;
    handle = () => void taken++;
    const { socket, seen } = open();
    socket.write(request);
    await until(() => seen.text !== '' || seen.ended);
    expect(taken).toBe(0);
    expect(seen.text).not.toContain('x-lane');
  });

  it('ends after its answers when the client has ended', async () => {
    const waiting: (() => void)[] = [];
    handle = (request, respond) => waiting.push(() => echo(request, respond));
    const { socket, seen } = open();
    socket.end(post('last'));
    await until(() => waiting.length === 1);
    waiting[0]?.();
    await until(() => seen.ended);
    expect(seen.text).toContain('fast last');
  });

  it('survives a client that is gone when its answer is ready', async () => {
    const waiting: (() => void)[] = [];
    handle = (request, respond) => waiting.push(() => echo(request, respond));
    const { socket } = open();
    socket.write(post('x'));
    await until(() => waiting.length === 1);
    socket.destroy();
    await until(() => socket.closed);
    waiting[0]?.();
    handle = echo;
    const { socket: other, seen } = open();
    other.write(post('alive'));
    await until(() => seen.text.includes('fast alive'));
  });

  it('closes idle connections at once, and busy ones after telling their clients', async () => {
    const waiting: (() => void)[] = [];
    handle = (request, respond) => waiting.push(() => echo(request, respond));
    const idle = open();
    const busy = open();
    idle.socket.write(post('x'));
    await until(() => waiting.length === 1);
    waiting[0]?.();
    await until(() => idle.seen.text !== '');
    busy.socket.write(post('y'));
    await until(() => waiting.length === 2);
    lane.close();
    const closed = new Promise((resolve) => server.close(resolve));
    await until(() => idle.seen.ended);
    waiting[1]?.();
    await until(() => busy.seen.ended);
    expect(busy.seen.text).toMatch(/connection: close\r\n[\s\S]*fast y$/);
    await closed;
  });
});
