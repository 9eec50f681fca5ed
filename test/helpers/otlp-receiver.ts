import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

type Value = { readonly stringValue?: string; readonly intValue?: number | string; readonly boolValue?: boolean };
type Attribute = { readonly key: string; readonly value: Value };
type WireSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status: { readonly code: number };
  readonly attributes: readonly Attribute[];
};
type WireBody = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
};

export type ReceivedSpan = Omit<WireSpan, 'attributes' | 'status'> & {
  readonly service: unknown;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
};

const flatten = (attributes: readonly Attribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

/** An OTLP/HTTP collector on loopback that keeps what it is sent; with `hold`, it answers nobody before `release`. */
export async function startOtlpReceiver({ hold = false } = {}) {
  const spans: ReceivedSpan[] = [];
  const paths: string[] = [];
  let open: () => void = () => undefined;
  const gate = hold
    ? new Promise<void>((resolve) => {
        open = resolve;
      })
    : Promise.resolve();
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    paths.push(String(request.url));
    const body = (await json(request)) as WireBody;
    await gate;
    for (const { resource, scopeSpans } of body.resourceSpans) {
      const service = flatten(resource.attributes)['service.name'];
      for (const { attributes, status, ...span } of scopeSpans.flatMap((scope) => scope.spans)) {
        spans.push({ ...span, service, failed: status.code === 2, attributes: flatten(attributes) });
      }
    }
    response.setHeader('content-type', 'application/json').end('{}');
  };
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    paths,
    release: () => open(),
    async close(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
