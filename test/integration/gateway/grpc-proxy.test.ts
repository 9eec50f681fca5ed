import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { createCallerCheck } from '../../../local/gateway/check-caller';
import { createGrpcProxy } from '../../../local/gateway/grpc/grpc-proxy';
import { createGrpcUpstream } from '../../../local/gateway/grpc/grpc-upstream';
import { createAuthorizer } from '../../../src/handlers/authorizer/authorize-request';
import { createIssuerVerifier } from '../../../src/platform/identity/create-issuer-verifier';
import { memoryLimiter } from '../../helpers/start-gateway';
import { freePort, silentLog } from '../../helpers/start-issuer';
import { startStubIssuer } from '../../helpers/stub-issuer';
import { until } from '../../helpers/until';

const inferPath = '/inference.GRPCInferenceService/ModelInfer';
const livePath = '/inference.GRPCInferenceService/ServerLive';
const same = (bytes: Buffer): Buffer => bytes;

type Handle = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => void;
const echo: Handle = (call, done) => {
  const trailer = new Metadata();
  trailer.set('x-heard', JSON.stringify(call.metadata.getMap()));
  done(null, call.request, trailer);
};

async function startService(port: number, handle: Handle = echo) {
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  const method = (path: string) => ({
    ...{ path, requestStream: false, responseStream: false },
    ...{ requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same },
  });
  server.addService({ infer: method(inferPath), live: method(livePath) }, { infer: handle, live: handle });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
  });
  return server;
}

let issuer: Awaited<ReturnType<typeof startStubIssuer>>;
let token: string;
beforeAll(async () => {
  issuer = await startStubIssuer();
  token = await issuer.sign({ tenant_id: 'tenant-1', tier: 'pool', scope: 'predictions:write' });
});
afterAll(() => issuer.stop());

type Answer = { code: number; details: string; bytes: Buffer | undefined; trailers: Metadata };

async function startProxy(handle?: Handle, options: { deadlineMs?: number; service?: boolean } = {}) {
  const port = await freePort();
  const state = { service: options.service === false ? undefined : await startService(port, handle) };
  const upstream = createGrpcUpstream(`127.0.0.1:${port}`);
  const proxy = createGrpcProxy({
    log: silentLog(),
    checkCaller: createCallerCheck(createAuthorizer(createIssuerVerifier({ issuer: issuer.issuer }))),
    limiter: memoryLimiter(),
    upstream,
    deadlineMs: options.deadlineMs,
    maxMessageBytes: 100_000,
  });
  await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(proxy.server.address() as AddressInfo).port}`;
  const client = new Client(address, credentials.createInsecure(), { 'grpc.enable_retries': 0 });
  const call = (path: string, bytes: Buffer, metadata: Record<string, string> = {}): Promise<Answer> =>
    new Promise((resolve) => {
      const sent = new Metadata();
      for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
      let answer: Buffer | undefined;
      const done = (_error: ServiceError | null, value?: Buffer) => (answer = value);
      client
        .makeUnaryRequest(path, same, same, bytes, sent, { deadline: Date.now() + 20_000 }, done)
        .on('status', ({ code, details, metadata: trailers }) => resolve({ code, details, bytes: answer, trailers }));
    });
  return {
    address,
    port,
    state,
    upstream,
    call,
    infer: (bytes: Buffer, metadata: Record<string, string> = { authorization: `Bearer ${token}` }) =>
      call(inferPath, bytes, metadata),
    async stop() {
      client.close();
      await proxy.close();
      upstream.close();
      state.service?.forceShutdown();
    },
  };
}
type Proxy = Awaited<ReturnType<typeof startProxy>>;

describe('gRPC through the gateway', () => {
  let proxy: Proxy;
  beforeAll(async () => {
    proxy = await startProxy();
  });
  afterAll(() => proxy.stop());

  it('passes messages of any bytes both ways, with metadata and trailers', async () => {
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_value, index) => index % 251));
    const answer = await proxy.infer(bytes, { authorization: `Bearer ${token}`, 'x-mine': 'kept' });
    expect(answer.code).toBe(status.OK);
    expect(answer.bytes?.equals(bytes)).toBe(true);
    const heard = JSON.parse(String(answer.trailers.get('x-heard')[0]));
    expect(heard).toMatchObject({
      authorization: `Bearer ${token}`,
      'x-mine': 'kept',
      traceparent: expect.stringMatching(/^00-/),
      'x-forwarded-for': '127.0.0.1',
    });
  });

  it('puts its own word in place of metadata that a client could forge', async () => {
    const forged = { 'x-forwarded-for': '10.0.0.1', 'x-real-ip': '10.0.0.1', 'x-kolate-tenant': 'tenant-2' };
    const answer = await proxy.infer(Buffer.from('a'), { authorization: `Bearer ${token}`, ...forged });
    const heard = JSON.parse(String(answer.trailers.get('x-heard')[0]));
    expect(heard['x-forwarded-for']).toBe('127.0.0.1');
    expect([heard['x-real-ip'], heard['x-kolate-tenant']]).toEqual([undefined, undefined]);
  });

  it('asks no token for what is public', async () => {
    expect((await proxy.call(livePath, Buffer.alloc(0))).code).toBe(status.OK);
  });

  it.each([
    ['no token', {}, status.UNAUTHENTICATED, 'KLT_TOKEN_MISSING'],
    ['a token that is none', { authorization: 'Bearer abc' }, status.UNAUTHENTICATED, 'KLT_TOKEN_INVALID'],
  ])('answers %s with a status', async (_what, metadata, code, kolateCode) => {
    const answer = await proxy.infer(Buffer.from('a'), metadata);
    expect([answer.code, answer.trailers.get('kolate-code')]).toEqual([code, [kolateCode]]);
  });

  it('answers PERMISSION_DENIED naming the scope that is missing', async () => {
    const weak = await issuer.sign({ tenant_id: 'tenant-1', scope: 'models:read' });
    const answer = await proxy.infer(Buffer.from('a'), { authorization: `Bearer ${weak}` });
    expect([answer.code, answer.details]).toEqual([
      status.PERMISSION_DENIED,
      'the token lacks the scope predictions:write',
    ]);
  });

  it('answers UNIMPLEMENTED to a call that the contract does not have', async () => {
    const authorization = `Bearer ${token}`;
    const answer = await proxy.call('/inference.GRPCInferenceService/Other', Buffer.alloc(0), { authorization });
    expect(answer.code).toBe(status.UNIMPLEMENTED);
  });

  it('refuses a message that is too large, and the service hears nothing of it', async () => {
    const answer = await proxy.infer(Buffer.alloc(100_001));
    expect([answer.code, answer.details]).toEqual([
      status.RESOURCE_EXHAUSTED,
      'a message of 100001 bytes is larger than 100000',
    ]);
  });

  it('refuses what is beyond the limit with RESOURCE_EXHAUSTED and when to try again', async () => {
    const busy = await issuer.sign({ tenant_id: 'busy', tier: 'pool', scope: 'predictions:write' });
    const answers = await Promise.all(
      Array.from({ length: 160 }, () => proxy.infer(Buffer.from('a'), { authorization: `Bearer ${busy}` })),
    );
    const refused = answers.filter(({ code }) => code === status.RESOURCE_EXHAUSTED);
    expect(answers.filter(({ code }) => code === status.OK).length).toBeGreaterThanOrEqual(100);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.trailers.getMap()).toMatchObject({
      'kolate-code': 'KLT_RATE_LIMITED',
      'retry-after': '1',
      'grpc-retry-pushback-ms': '1000',
    });
  });

  it('answers 415 to what is not gRPC', async () => {
    const session = connect(`http://${proxy.address}`);
    const stream = session.request({ ':method': 'POST', ':path': inferPath, 'content-type': 'application/json' });
    const answered = await new Promise((resolve) => stream.once('response', (headers) => resolve(headers[':status'])));
    session.destroy();
    expect(answered).toBe(415);
  });
});

describe('a gRPC service that fails', () => {
  it('has its own status and trailers handed on', async () => {
    const proxy = await startProxy((_call, done) => {
      const metadata = new Metadata();
      metadata.set('kolate-code', 'KLT_TENSOR_INVALID');
      done({ code: status.INVALID_ARGUMENT, details: 'größer als erlaubt', metadata });
    });
    try {
      const answer = await proxy.infer(Buffer.from('a'));
      expect([answer.code, answer.details, answer.trailers.get('kolate-code')]).toEqual([
        status.INVALID_ARGUMENT,
        'größer als erlaubt',
        ['KLT_TENSOR_INVALID'],
      ]);
    } finally {
      await proxy.stop();
    }
  });

  it('is UNAVAILABLE while it is down, and found again when it is back', async () => {
    const proxy = await startProxy();
    try {
      expect((await proxy.infer(Buffer.from('a'))).code).toBe(status.OK);
      proxy.state.service?.forceShutdown();
      await until(async () => (await proxy.infer(Buffer.from('a'))).code === status.UNAVAILABLE);
      await expect(proxy.upstream.ready()).rejects.toThrow();
      proxy.state.service = await startService(proxy.port);
      await until(async () => (await proxy.infer(Buffer.from('a'))).code === status.OK);
      await proxy.upstream.ready();
    } finally {
      await proxy.stop();
    }
  });

  it('finishes the calls that it has before it goes away, and the next are not sent to it', async () => {
    let release: (() => void) | undefined;
    const proxy = await startProxy((call, done) => {
      release = () => done(null, call.request);
    });
    try {
      const first = proxy.infer(Buffer.from('first'));
      await until(() => release);
      const down = new Promise<void>((resolve) => proxy.state.service?.tryShutdown(() => resolve()));
      await until(async () => (await proxy.call(livePath, Buffer.alloc(0))).code === status.UNAVAILABLE);
      release?.();
      expect((await first).bytes?.toString()).toBe('first');
      await down;
    } finally {
      await proxy.stop();
    }
  });

  it('is given up with DEADLINE_EXCEEDED', async () => {
    const proxy = await startProxy(() => undefined, { deadlineMs: 50 });
    try {
      expect((await proxy.infer(Buffer.from('a'))).code).toBe(status.DEADLINE_EXCEEDED);
    } finally {
      await proxy.stop();
    }
  });

  it('learns that the caller has cancelled', async () => {
    let cancelled = false;
    let called = false;
    const proxy = await startProxy((call) => {
      called = true;
      call.on('cancelled', () => (cancelled = true));
    });
    const client = new Client(proxy.address, credentials.createInsecure());
    try {
      const metadata = new Metadata();
      metadata.set('authorization', `Bearer ${token}`);
      const call = client.makeUnaryRequest(inferPath, same, same, Buffer.from('a'), metadata, () => undefined);
      await until(() => called);
      call.cancel();
      await until(() => cancelled);
    } finally {
      client.close();
      await proxy.stop();
    }
  });
});
