import {
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { type KolateError, toKolateError } from '../../../contracts/errors';
import { modelMetadata as metadataRoute, modelInfer } from '../../../contracts/http/inference';
import type { InferenceEngine } from '../inference/inference-engine';
import type { ModelResolver } from '../inference/resolved-model';
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
  /** As of the REST side; the token is in the metadata key `authorization`. */
  readonly identify: (metadata: Metadata, scopes: readonly string[]) => Caller | Promise<Caller>;
  readonly isReady: () => boolean | Promise<boolean>;
  readonly version: string;
  readonly deadlineMs: number;
  readonly maxBodyBytes: number;
  /** Called with what is our fault. */
  readonly onError?: (error: KolateError, method: string) => void;
};

export type GrpcServer = {
  /** The port, once it listens. */
  listen(address: string): Promise<number>;
  /** Ends when calls have, or after `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
};

type Call = ServerUnaryCall<Buffer, Buffer>;
type Handler = (call: Call) => Buffer | Promise<Buffer>;

/** The gRPC side of the Open Inference Protocol v2: `GRPCInferenceService` of proto/open_inference.proto. */
export function createGrpcServer(deps: GrpcServiceDeps): GrpcServer {
  const server = new Server({
    'grpc.max_receive_message_length': deps.maxBodyBytes,
    'grpc.max_send_message_length': -1,
  });
  const handlers = handlersOf(deps);
  const definition = Object.fromEntries(Object.keys(handlers).map((name) => [name, methodOf(name)]));
  const implementation = Object.fromEntries(
    Object.entries(handlers).map(([name, handle]) => [name, unary(name, handle, deps.onError)]),
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
/** Messages are decoded by the handlers, so that one which cannot be is the caller's fault and not an internal error. */
const methodOf = (name: string): MethodDefinition<Buffer, Buffer> => ({
  path: `/inference.GRPCInferenceService/${name}`,
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
  const find = async ({ metadata, request }: Call) => {
    const { tenantId } = await identify(metadata, metadataRoute.scopes);
    const { name, version } = decodeModelRef(request);
    return resolve(tenantId, name, version);
  };
  return {
    ServerLive: () => encodeFlag(true),
    ServerReady: async () => encodeFlag(await isReady()),
    ServerMetadata: () => encodeServerMetadata(serverMetadata(deps.version)),
    ModelReady: async (call) => {
      try {
        return encodeFlag(await engine.ready(await find(call)));
      } catch (error) {
        if (toKolateError(error).code === 'KLT_MODEL_NOT_READY') return encodeFlag(false);
        throw error;
      }
    },
    ModelMetadata: async (call) => encodeModelMetadata(modelMetadata(await find(call))),
    ModelInfer: async (call) => {
      const { tenantId } = await identify(call.metadata, modelInfer.scopes);
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

const unary =
  (method: string, handle: Handler, onError: GrpcServiceDeps['onError']) =>
  (call: Call, done: sendUnaryData<Buffer>): void => {
    const fail = (thrown: unknown): void => {
      const error = toKolateError(thrown);
      if (error.status >= 500) onError?.(error, method);
      done(toGrpcError(error));
    };
    try {
      const answer = handle(call);
      if (answer instanceof Promise) answer.then((bytes) => done(null, bytes), fail);
      else done(null, answer);
    } catch (error) {
      fail(error);
    }
  };

const statusOf: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  409: status.FAILED_PRECONDITION,
  413: status.RESOURCE_EXHAUSTED,
  422: status.INVALID_ARGUMENT,
  429: status.RESOURCE_EXHAUSTED,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
};

/** An error as gRPC tells it, with our code and Retry-After in the trailers. */
function toGrpcError(error: KolateError): { code: status; details: string; metadata: Metadata } {
  const { code, detail, options } = error;
  const metadata = new Metadata();
  metadata.set('kolate-code', code);
  if (options.retryAfterSeconds !== undefined)
    metadata.set('retry-after', String(Math.ceil(options.retryAfterSeconds)));
  const details = options.hint === undefined ? detail : `${detail} (${options.hint})`;
  return { code: statusOf[error.status] ?? status.INTERNAL, details, metadata };
}
