import {
  type Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { type KolateError, toKolateError } from '../../../contracts/errors';
import { modelMetadata as metadataRoute, modelInfer } from '../../../contracts/http/inference';
import type { Identity } from '../../../contracts/scopes';
import type { LineWriter } from '../../../platform/logging/create-line-writer';
import { traceIdOf } from '../../../platform/telemetry/trace-context';
import type { InferenceEngine } from '../inference/inference-engine';
import type { ModelResolver, ResolvedModel } from '../inference/resolved-model';
import { toGrpcError } from './grpc-error';
import { checkInferMessage } from './grpc-infer';
import {
  decodeInferMessage,
  decodeModelRef,
  encodeFlag,
  encodeInferMessage,
  encodeModelMetadata,
  encodeServerMetadata,
} from './grpc-messages';
import { modelMetadata, serverMetadata } from './metadata';
import type { Predict } from './predict';
import type { Caller } from './v2-routes';

export type GrpcServiceDeps = {
  readonly engine: Pick<InferenceEngine, 'ready'>;
  readonly predict: Predict;
  readonly resolve: ModelResolver;
  /** As of the REST side; the token is in the metadata key `authorization`. `onKnown` is called before the caller may be refused. */
  readonly identify: (
    metadata: Metadata,
    scopes: readonly string[],
    onKnown: (identity: Identity) => void,
  ) => Caller | Promise<Caller>;
  readonly isReady: () => boolean | Promise<boolean>;
  readonly version: string;
  readonly deadlineMs: number;
  readonly maxBodyBytes: number;
  /** Takes the access line of a call: the members that the line of a request has, with the path and the status that it has over HTTP/2. */
  readonly writeLine: LineWriter;
  /** Called with what is our fault. */
  readonly onError?: (error: KolateError, method: string, traceId: string) => void;
};

export type GrpcServer = {
  /** The port, once it listens. */
  listen(address: string): Promise<number>;
  /** Ends when calls have, or after `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
};

type Call = ServerUnaryCall<Buffer, Buffer>;
type Handler = (call: Call, onKnown: (identity: Identity) => void) => Buffer | Promise<Buffer>;

/** The gRPC side of the Open Inference Protocol v2: `GRPCInferenceService` of proto/open_inference.proto. */
export function createGrpcServer(deps: GrpcServiceDeps): GrpcServer {
  const server = new Server({
    'grpc.max_receive_message_length': deps.maxBodyBytes,
    'grpc.max_send_message_length': -1,
  });
  const handlers = handlersOf(deps);
  const definition = Object.fromEntries(Object.keys(handlers).map((name) => [name, methodOf(name)]));
  const implementation = Object.fromEntries(
    Object.entries(handlers).map(([name, handle]) => [name, unary(name, handle, deps)]),
  );
  server.addService(definition satisfies ServiceDefinition, implementation);
  return {
    listen: (address) =>
      new Promise((resolve, reject) => {
        server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) =>
          error ? reject(error) : resolve(port),
        );
      }),
    close: (deadlineMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          server.forceShutdown();
          resolve();
        }, deadlineMs);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

const asItIs = (bytes: Buffer): Buffer => bytes;
const pathOf = (method: string): string => `/inference.GRPCInferenceService/${method}`;
/** Messages are decoded by the handlers, so that one which cannot be is the caller's fault and not an internal error. */
const methodOf = (name: string): MethodDefinition<Buffer, Buffer> => ({
  path: pathOf(name),
  originalName: name,
  requestStream: false,
  responseStream: false,
  requestSerialize: asItIs,
  requestDeserialize: asItIs,
  responseSerialize: asItIs,
  responseDeserialize: asItIs,
});

function handlersOf(deps: GrpcServiceDeps): Readonly<Record<string, Handler>> {
  const { engine, predict, resolve, identify, isReady } = deps;
  const find: (...args: Parameters<Handler>) => Promise<ResolvedModel> = async ({ metadata, request }, onKnown) => {
    const { tenantId } = await identify(metadata, metadataRoute.scopes, onKnown);
    const { name, version } = decodeModelRef(request);
    return resolve(tenantId, name, version);
  };
  return {
    ServerLive: () => encodeFlag(true),
    ServerReady: async () => encodeFlag(await isReady()),
    ServerMetadata: () => encodeServerMetadata(serverMetadata(deps.version)),
    ModelReady: async (...asked) => {
      try {
        return encodeFlag(await engine.ready(await find(...asked)));
      } catch (error) {
        if (toKolateError(error).code === 'KLT_MODEL_NOT_READY') return encodeFlag(false);
        throw error;
      }
    },
    ModelMetadata: async (...asked) => encodeModelMetadata(modelMetadata(await find(...asked))),
    ModelInfer: async (call, onKnown) => {
      const { tenantId } = await identify(call.metadata, modelInfer.scopes, onKnown);
      const message = decodeInferMessage(call.request);
      const model = await resolve(tenantId, message.model.name, message.model.version);
      const { id, request, raw } = checkInferMessage(model, message);
      const { id: predictionId, outputs } = await predict(model, { id, request }, deadlineOf(call, deps.deadlineMs));
      // There are no typed contents for FP16.
      const answerRaw = raw || outputs.some(({ datatype }) => datatype === 'FP16');
      return encodeInferMessage({ model, id, predictionId, outputs }, answerRaw);
    },
  };
}

/** The caller's deadline when it is the nearer one. */
function deadlineOf(call: Call, deadlineMs: number): number {
  const deadline = call.getDeadline();
  const at = typeof deadline === 'number' ? deadline : deadline.getTime();
  return Number.isFinite(at) ? Math.max(0, Math.min(deadlineMs, at - Date.now())) : deadlineMs;
}

/** Asked all the time by load balancers, and not logged, as `/healthz` is not. */
const probe = 'ServerLive';

function unary(method: string, handle: Handler, { onError, writeLine }: GrpcServiceDeps) {
  const isLogged = method !== probe;
  const path = pathOf(method);
  return (call: Call, done: sendUnaryData<Buffer>): void => {
    const startedAt = performance.now();
    const traceId = traceIdOf(call.metadata.get('traceparent')[0]?.toString());
    let tenantId: string | undefined;
    const end = (status: number): void => {
      if (!isLogged) return;
      const ms = Math.round((performance.now() - startedAt) * 100) / 100;
      const whose = tenantId === undefined ? '' : `"tenantId":"${tenantId}",`;
      writeLine(`"method":"POST","path":"${path}","status":${status},"ms":${ms},${whose}"traceId":"${traceId}"`);
    };
    const succeed = (bytes: Buffer): void => {
      done(null, bytes);
      end(200);
    };
    const fail = (thrown: unknown): void => {
      const error = toKolateError(thrown);
      if (error.status >= 500) onError?.(error, method, traceId);
      done(toGrpcError(error, traceId));
      end(error.status);
    };
    try {
      const answer = handle(call, (identity) => {
        tenantId = identity.tenantId;
      });
      if (answer instanceof Promise) answer.then(succeed, fail);
      else succeed(answer);
    } catch (error) {
      fail(error);
    }
  };
}
