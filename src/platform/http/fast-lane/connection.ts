import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { createHeadMemo } from './head-memo';
import type { FastHead, HeadParser } from './parse-head';

export type FastAnswer = {
  readonly status: number;
  /** Lines of further headers, each with its CR LF; names and values are ours, and ASCII. */
  readonly headers: string;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  /** Whether `body` is text of ASCII only: its length is then known without looking at it. */
  readonly ascii: boolean;
};

/** A request, until it has been answered. */
export type FastRequest<R = unknown> = {
  readonly head: FastHead;
  /** What `match` made of its target. */
  readonly route: R;
  /** A view of what was read; nobody writes to it. */
  readonly body: Buffer;
  /** Of the lane: what is to be sent. */
  text: string;
  bytes: Uint8Array | undefined;
  ascii: boolean;
  done: boolean;
};

/** Called once for each request, at once or later. */
export type Respond = (request: FastRequest, answer: FastAnswer) => void;

export type Lane<R> = {
  readonly parse: HeadParser;
  /** What a path of the lane stands for; undefined for one that Node's own server answers. */
  readonly match: (target: string) => R | undefined;
  readonly handle: (request: FastRequest<R>, respond: Respond) => void;
  /** Takes over a connection whose next request is not for the lane. */
  readonly handOver: (socket: Socket) => void;
  readonly onClose: (connection: Connection) => void;
  /** Asks for `flush` to be called after what is under way in this turn of the event loop. */
  readonly onAnswer: (connection: Connection) => void;
  readonly isClosing: () => boolean;
  /** The header Date, with its line break. */
  readonly dateLine: () => string;
};

export type Connection = {
  flush(): void;
  /** Ends when nothing is under way, at once or after it. */
  endWhenIdle(): void;
  /** Milliseconds since an answer left; undefined while a request is under way. */
  idleSince(): number | undefined;
  destroy(): void;
};

const headEnd = Buffer.from('\r\n\r\n');
/** As Node's own limit. */
const maxHeadBytes = 16 * 1024;
/** Larger bodies are put together by Node's server. */
const maxBodyBytes = 64 * 1024;
/** Requests under way on one connection; more are not read. */
const maxUnderWay = 128;

/** One client connection in the fast lane, until it is handed over or ends. */
export function createConnection<R>(socket: Socket, lane: Lane<R>): Connection {
  /** In the order in which they came, which is the order of their answers. */
  const underWay: FastRequest<R>[] = [];
  /** Of the last request. The next one mostly has the same: it is then the same string, whose hash is known. */
  let authorization: string | undefined;
  const memo = createHeadMemo();
  let rest: Buffer | undefined;
  let idleSince = Date.now();
  let handingOver = false;
  let ending = false;
  let paused = false;

  const onData = (chunk: Buffer): void => {
    const data = rest ? Buffer.concat([rest, chunk]) : chunk;
    const used = take(data);
    rest = used === data.length ? undefined : used === 0 ? data : data.subarray(used);
    if (handingOver) handOverWhenIdle();
    else if (underWay.length >= maxUnderWay || socket.writableNeedDrain) pause();
  };

  /** Handles whole requests at the start of `data`. @returns how many bytes they had */
  function take(data: Buffer): number {
    let at = 0;
    while (at < data.length) {
      let head = memo.match(data, at);
      let from = at + memo.length();
      if (!head) {
        const end = data.indexOf(headEnd, at);
        if (end < 0) {
          handingOver = data.length - at > maxHeadBytes;
          return at;
        }
        from = end + headEnd.length;
        head = read(data, at, from);
      }
      const route = head && head.contentLength <= maxBodyBytes ? lane.match(head.target) : undefined;
      if (!head || route === undefined) {
        handingOver = true;
        return at;
      }
      const to = from + head.contentLength;
      if (to > data.length) return at;
      const body = data.subarray(from, to);
      const request: FastRequest<R> = { head, route, body, text: '', bytes: undefined, ascii: true, done: false };
      underWay.push(request);
      lane.handle(request, respond);
      at = to;
    }
    return at;
  }

  /** The head from `at` to `to`, its empty line included. */
  function read(data: Buffer, at: number, to: number): FastHead | undefined {
    const parsed = lane.parse(data.toString('latin1', at, to - 2));
    if (!parsed) return undefined;
    const { head, spots } = parsed;
    if (head.authorization === authorization) {
      head.authorization = authorization;
      // A connection may be shared by callers with tokens of their own: then no head is like the one before.
      memo.learn(data, at, to, head, spots);
    } else authorization = head.authorization;
    return head;
  }

  const respond: Respond = (request, { status, headers, contentType, body, ascii }) => {
    const text = typeof body === 'string';
    const length = !text ? body.byteLength : ascii ? body.length : Buffer.byteLength(body);
    const close = lane.isClosing() ? 'connection: close\r\n' : '';
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lane.dateLine()}content-type: ${contentType}\r\n${headers}${close}content-length: ${length}\r\n\r\n`;
    request.text = text ? head + body : head;
    request.bytes = text ? undefined : body;
    request.ascii = ascii;
    request.done = true;
    if (underWay[0] === request) lane.onAnswer(connection);
  };

  function flush(): void {
    if (socket.destroyed) return;
    if (underWay.length === 1) {
      const [only] = underWay.splice(0) as [FastRequest<R>];
      send(only.text, only.ascii, only.bytes);
    } else flushSeveral();
    idleSince = Date.now();
    afterFlush();
  }

  /** What can leave, in as few writes as there can be. */
  function flushSeveral(): void {
    let text = '';
    let ascii = true;
    let sent = 0;
    socket.cork();
    for (; sent < underWay.length; sent++) {
      const request = underWay[sent] as FastRequest<R>;
      if (!request.done) break;
      text += request.text;
      ascii &&= request.ascii;
      if (!request.bytes) continue;
      send(text, ascii, request.bytes);
      text = '';
    }
    if (text !== '') send(text, ascii, undefined);
    socket.uncork();
    underWay.splice(0, sent);
  }

  function send(text: string, ascii: boolean, bytes: Uint8Array | undefined): void {
    socket.write(text, ascii ? 'latin1' : 'utf8');
    if (bytes) socket.write(bytes);
  }

  function afterFlush(): void {
    if (handingOver) handOverWhenIdle();
    else if (underWay.length === 0 && (ending || lane.isClosing())) socket.end();
    else if (paused && underWay.length < maxUnderWay && !socket.writableNeedDrain) resume();
  }

  function handOverWhenIdle(): void {
    socket.pause();
    if (underWay.length > 0) return;
    socket
      .off('data', onData)
      .off('drain', afterFlush)
      .off('end', endWhenIdle)
      .off('error', destroy)
      .off('close', onClose);
    lane.onClose(connection);
    if (rest) socket.unshift(rest);
    lane.handOver(socket);
    socket.resume();
  }

  function pause(): void {
    paused = true;
    socket.pause();
  }
  function resume(): void {
    paused = false;
    socket.resume();
  }
  function endWhenIdle(): void {
    ending = true;
    if (underWay.length === 0) socket.end();
  }
  const destroy = (): void => void socket.destroy();
  const onClose = (): void => lane.onClose(connection);

  const connection: Connection = {
    flush,
    endWhenIdle,
    idleSince: () => (underWay.length === 0 ? idleSince : undefined),
    destroy,
  };
  socket.on('data', onData).on('drain', afterFlush).on('end', endWhenIdle).on('error', destroy).on('close', onClose);
  return connection;
}
