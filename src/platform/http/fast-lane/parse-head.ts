/** What a request in the fast lane says before its body. Text is Latin-1, as it came. */
export type FastHead = {
  /** Path and query, not decoded. */
  readonly target: string;
  readonly contentLength: number;
  authorization: string | undefined;
  readonly traceparent: string | undefined;
  readonly requestId: string | undefined;
  /** `Inference-Header-Content-Length` and the like: the one further header that the lane was asked for. */
  readonly extra: string | undefined;
};

type Fields = { -readonly [K in keyof FastHead]: FastHead[K] } & { hosts: number };
type Take = (fields: Fields, value: string) => boolean;

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const visible = /^[\x21-\x7e]{1,200}$/;
const digits = /^\d{1,12}$/;
const lastLine = ' HTTP/1.1';

/** Sets a field that may come once. */
const once =
  (name: 'authorization' | 'traceparent' | 'requestId' | 'extra', form?: RegExp): Take =>
  (fields, value) => {
    if (fields[name] !== undefined || (form && !form.test(value))) return false;
    fields[name] = value;
    return true;
  };
const ignore: Take = () => true;
const refuse: Take = () => false;

const takers: Readonly<Record<string, Take>> = {
  host: (fields) => ++fields.hosts === 1,
  'content-length': (fields, value) => {
    if (fields.contentLength >= 0 || !digits.test(value)) return false;
    fields.contentLength = Number(value);
    return true;
  },
  connection: (_fields, value) => value === 'keep-alive' || value.toLowerCase() === 'keep-alive',
  authorization: once('authorization'),
  traceparent: once('traceparent'),
  'x-request-id': once('requestId', visible),
  // Whatever changes how the body is read or who answers is for Node's own parser.
  'transfer-encoding': refuse,
  'content-encoding': refuse,
  expect: refuse,
  upgrade: refuse,
  trailer: refuse,
  te: refuse,
};

const maxKnownNames = 500;

/**
 * Reads heads of plain POST requests. It takes only what it is sure of (HTTP/1.1, one Host, one Content-Length, lines that end in
 * CR LF and nothing else, names of token characters) and answers undefined for everything else, which is then read by
 * Node's own parser: what is odd is judged there, once.
 * @param extraName one more header to hand out, lower case
 */
export function createHeadParser(extraName: string): (head: string) => FastHead | undefined {
  // By the names as they are written, so that nothing has to be lower-cased for each request.
  const known = new Map<string, Take>();
  const takerOf = (name: string): Take => {
    const taker = known.get(name);
    if (taker) return taker;
    if (!token.test(name)) return refuse;
    const lower = name.toLowerCase();
    const found = lower === extraName ? once('extra', visible) : Object.hasOwn(takers, lower) ? takers[lower]! : ignore;
    if (known.size < maxKnownNames) known.set(name, found);
    return found;
  };

  /** `head` ends with the line break of its last line. */
  return (head) => {
    if (!head.startsWith('POST /')) return undefined;
    let end = head.indexOf('\n');
    if (!head.startsWith(lastLine, end - 1 - lastLine.length) || head.indexOf('\r') !== end - 1) return undefined;
    const fields: Fields = {
      target: head.slice(5, end - 1 - lastLine.length),
      contentLength: -1,
      authorization: undefined,
      traceparent: undefined,
      requestId: undefined,
      extra: undefined,
      hosts: 0,
    };
    for (let at = end + 1; at < head.length; at = end + 1) {
      end = head.indexOf('\n', at);
      // A line break of another kind inside of a line might be one to somebody else.
      if (head.indexOf('\r', at) !== end - 1) return undefined;
      const colon = head.indexOf(':', at);
      if (colon < 0 || colon > end) return undefined;
      if (!takerOf(head.slice(at, colon))(fields, head.slice(colon + 1, end - 1).trim())) return undefined;
    }
    return fields.hosts === 1 && fields.contentLength >= 0 && !fields.target.includes(' ') ? fields : undefined;
  };
}
