/** What a request in the fast lane says before its body. Text is Latin-1, as it came. */
export type FastHead = {
  /** Path and query, not decoded. */
  readonly target: string;
  readonly contentLength: number;
  authorization: string | undefined;
  readonly traceparent: string | undefined;
  readonly requestId: string | undefined;
  /** The one further header that the lane was asked for. */
  readonly extra: string | undefined;
};

/** Of a value, from its first byte to behind its last, counted from the beginning of the head; [0, 0] when there is none. */
type Spot = readonly [from: number, to: number];
/** Where the values stand that are another for each request. */
export type Spots = { length: Spot; trace: Spot; requestId: Spot };
const nowhere: Spot = [0, 0];

/** All heads are made here, so that they are alike to the engine. */
export const newHead = (
  target: string,
  contentLength: number,
  authorization: string | undefined,
  traceparent: string | undefined,
  requestId: string | undefined,
  extra: string | undefined,
): FastHead => ({ target, contentLength, authorization, traceparent, requestId, extra });

type Fields = { -readonly [K in keyof FastHead]: FastHead[K] } & { hosts: number; readonly spots: Spots };
/** Takes the value of a header, `head` from `from` to `to`. False for one that the lane does not answer. */
type Take = (fields: Fields, head: string, from: number, to: number) => boolean;

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const visible = /^[\x21-\x7e]{1,200}$/;
const lastWords = ' HTTP/1.1';
const [space, tab, zero, nine] = [0x20, 0x09, 0x30, 0x39];

// Written out for each field, since a field that is chosen by name is looked up by name each time.
const takeAuthorization: Take = (fields, head, from, to) => {
  if (fields.authorization !== undefined) return false;
  fields.authorization = head.slice(from, to);
  return true;
};
const takeTrace: Take = (fields, head, from, to) => {
  if (fields.traceparent !== undefined) return false;
  fields.traceparent = head.slice(from, to);
  fields.spots.trace = [from, to];
  return true;
};
const takeRequestId: Take = (fields, head, from, to) => {
  const value = head.slice(from, to);
  if (fields.requestId !== undefined || !visible.test(value)) return false;
  fields.requestId = value;
  fields.spots.requestId = [from, to];
  return true;
};
const takeExtra: Take = (fields, head, from, to) => {
  const value = head.slice(from, to);
  if (fields.extra !== undefined || !visible.test(value)) return false;
  fields.extra = value;
  return true;
};
const ignore: Take = () => true;
const refuse: Take = () => false;

const takeLength: Take = (fields, head, from, to) => {
  if (fields.contentLength >= 0 || from === to || to - from > 12) return false;
  let length = 0;
  for (let at = from; at < to; at++) {
    const code = head.charCodeAt(at);
    if (code < zero || code > nine) return false;
    length = length * 10 + (code - zero);
  }
  fields.contentLength = length;
  fields.spots.length = [from, to];
  return true;
};

/** Types that say nothing of how the body is packed or cut. */
const takeType: Take = (_fields, head, from) =>
  head.startsWith('application/json', from) || head.startsWith('application/octet-stream', from);

const takers: Readonly<Record<string, Take>> = {
  host: (fields) => ++fields.hosts === 1,
  'content-length': takeLength,
  'content-type': takeType,
  connection: (_fields, head, from, to) => head.slice(from, to).toLowerCase() === 'keep-alive',
  authorization: takeAuthorization,
  traceparent: takeTrace,
  'x-request-id': takeRequestId,
  // Whatever changes how the body is read or who answers is for Node's own parser.
  'transfer-encoding': refuse,
  'content-encoding': refuse,
  expect: refuse,
  upgrade: refuse,
  trailer: refuse,
  te: refuse,
};

/** A header's name with its colon, as it was written. */
type Name = { readonly text: string; readonly take: Take };

/** `spots` is where the values of the head just read stand. */
export type HeadParser = (head: string) => { readonly head: FastHead; readonly spots: Spots } | undefined;

/**
 * Reads heads of plain POST requests. It takes only what it is sure of (HTTP/1.1, one Host, one Content-Length, lines that end in
 * CR LF and nothing else, names of token characters) and answers undefined for everything else, which is then read by
 * Node's own parser: what is odd is judged there, once.
 * @param extraName one more header to hand out, lower case
 */
export function createHeadParser(extraName: string): HeadParser {
  const known: Readonly<Record<string, Take>> = { ...takers, [extraName]: takeExtra };
  // The names of the last request, line by line: the next one mostly has the same in the same places.
  const expected: Name[] = [];

  const learn = (line: number, head: string, at: number, end: number): Name | undefined => {
    const colon = head.indexOf(':', at);
    const name = head.slice(at, colon);
    if (colon < 0 || colon > end || !token.test(name)) return undefined;
    const lower = name.toLowerCase();
    const learned = { text: `${name}:`, take: (Object.hasOwn(known, lower) && known[lower]) || ignore };
    expected[line] = learned;
    return learned;
  };

  /** `head` ends with the line break of its last line. */
  return (head) => {
    if (!head.startsWith('POST /')) return undefined;
    let end = head.indexOf('\n') - 1;
    if (!head.startsWith(lastWords, end - lastWords.length) || head.indexOf('\r') !== end) return undefined;
    const target = head.slice(5, end - lastWords.length);
    const fields: Fields = {
      target,
      contentLength: -1,
      authorization: undefined,
      traceparent: undefined,
      requestId: undefined,
      extra: undefined,
      hosts: 0,
      spots: { length: nowhere, trace: nowhere, requestId: nowhere },
    };
    for (let line = 0, at = end + 2; at < head.length; line++, at = end + 2) {
      end = head.indexOf('\n', at) - 1;
      // A line break of another kind inside of a line might be one to somebody else.
      if (head.indexOf('\r', at) !== end) return undefined;
      const guess = expected[line];
      const name = guess && head.startsWith(guess.text, at) ? guess : learn(line, head, at, end);
      if (!name) return undefined;
      if (name.take === ignore) continue;
      let from = at + name.text.length;
      let to = end;
      while (isBlank(head.charCodeAt(from)) && from < to) from++;
      while (isBlank(head.charCodeAt(to - 1)) && from < to) to--;
      if (!name.take(fields, head, from, to)) return undefined;
    }
    if (fields.hosts !== 1 || fields.contentLength < 0 || target.includes(' ')) return undefined;
    const { contentLength, authorization, traceparent, requestId, extra, spots } = fields;
    return { head: newHead(target, contentLength, authorization, traceparent, requestId, extra), spots };
  };
}

const isBlank = (code: number): boolean => code === space || code === tab;
