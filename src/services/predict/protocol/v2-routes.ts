import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import { KolateError, toKolateError } from '../../../contracts/errors';
import * as contracts from '../../../contracts/http/inference';
import type { Tracer } from '../../../platform/telemetry/tracer';
import type { InferenceEngine } from '../inference/inference-engine';
import type { ModelResolver, ResolvedModel } from '../inference/resolved-model';
import { decodeInfer } from './decode-infer';
import { answerAsBinary, answerAsJson } from './encode-infer';
import { modelMetadata, serverMetadata } from './metadata';
import type { Predict } from './predict';
import { protocolType, toProtocolError } from './protocol-error';
import { headerLengthOf, takeBytes } from './read-body';
import { traceInference } from './trace-inference';

/** Whose request it is. */
export type Caller = { readonly tenantId: string };

export type V2RoutesDeps = {
  readonly engine: Pick<InferenceEngine, 'ready'>;
  readonly predict: Predict;
  readonly resolve: ModelResolver;
  /**
   * The tenant of a request whose token has all of `scopes`. Synchronous when the token is known.
   * @throws KolateError KLT_TOKEN_MISSING, KLT_TOKEN_INVALID, KLT_SCOPE_MISSING
   */
  readonly identify: (request: FastifyRequest, scopes: readonly string[]) => Caller | Promise<Caller>;
  readonly isReady: () => boolean | Promise<boolean>;
  /** Of Kolate. */
  readonly version: string;
  readonly deadlineMs: number;
  readonly maxBodyBytes: number;
  readonly traceIdOf?: (request: FastifyRequest) => string | undefined;
  readonly tracer?: Tracer | undefined;
};

type ModelParams = { model: string; version?: string };

/** The REST side of the Open Inference Protocol v2, as a fastify plugin. */
export function createV2Routes(deps: V2RoutesDeps): FastifyPluginCallback {
  return (app, _options, done) => {
    takeBytes(app, { maxBytes: deps.maxBodyBytes });
    app.setErrorHandler((error, request, reply) => refuse(deps, request, reply, error));
    addServerRoutes(app, deps);
    addModelRoutes(app, deps);
    const infer = createInferHandler(deps);
    for (const { path } of [contracts.modelInfer, contracts.modelVersionInfer]) app.post(colonPath(path), infer);
    done();
  };
}

/** A path of the contracts as fastify writes it. */
export const colonPath = (path: string): string => path.replace(/\{([^}]+)\}/g, ':$1');

function addServerRoutes(app: FastifyInstance, { isReady, version }: V2RoutesDeps): void {
  app.get(contracts.serverMetadata.path, (_request, reply) => answer(reply, serverMetadata(version)));
  app.get(contracts.serverLive.path, (_request, reply) => answer(reply, { live: true }));
  app.get(contracts.serverReady.path, async (_request, reply) => {
    const ready = await isReady();
    return answer(reply.code(ready ? 200 : 503), { ready });
  });
}

function addModelRoutes(app: FastifyInstance, deps: V2RoutesDeps): void {
  const find = async (request: FastifyRequest): Promise<ResolvedModel> => {
    const { model, version } = request.params as ModelParams;
    const { tenantId } = await deps.identify(request, contracts.modelMetadata.scopes);
    return deps.resolve(tenantId, model, version);
  };
  for (const { path } of [contracts.modelMetadata, contracts.modelVersionMetadata]) {
    app.get(colonPath(path), async (request, reply) => answer(reply, modelMetadata(await find(request))));
  }
  for (const { path } of [contracts.modelReady, contracts.modelVersionReady]) {
    app.get(colonPath(path), async (request, reply) => {
      const model = await find(request);
      if (await deps.engine.ready(model)) return answer(reply, { name: model.model, ready: true });
      throw new KolateError('KLT_MODEL_NOT_READY', `version ${model.version} of ${model.model} cannot be asked`);
    });
  }
}

const answer = (reply: FastifyReply, body: object): FastifyReply => sendJson(reply, JSON.stringify(body));

/** The text is JSON already. With a serializer of its own, a reply keeps its type as it is: fastify would add a charset. */
const sendJson = (reply: FastifyReply, text: string): FastifyReply =>
  reply.serializer(asItIs).header('content-type', protocolType).send(text);
const asItIs = (text: unknown): string => String(text);

/** Written with callbacks where they are hot: known tokens and models come without a promise, and a turn's answers leave together. */
function createInferHandler(deps: V2RoutesDeps) {
  const { identify, resolve } = deps;

  function inferWith(model: ResolvedModel, request: FastifyRequest, reply: FastifyReply): void {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const decoded = decodeInfer(model, body, headerLengthOf(request));
    const { id, isBinary } = decoded;
    const called = traceInference(deps.tracer, request.span, model);
    deps.predict(model, decoded, deps.deadlineMs).then(
      (prediction) => {
        called?.end();
        const { outputs, outputsJson } = prediction;
        const answered = { model, id, predictionId: prediction.id, outputs };
        reply.header('kolate-prediction-id', prediction.id);
        if (!outputs.some(({ name }) => isBinary(name))) {
          sendJson(reply, answerAsJson(answered, outputsJson));
          return;
        }
        const { headerLength, body: bytes } = answerAsBinary(answered, isBinary);
        reply.header('inference-header-content-length', headerLength);
        reply.header('content-type', 'application/octet-stream').send(bytes);
      },
      (error: unknown) => {
        called?.end(toKolateError(error).code);
        refuse(deps, request, reply, error);
      },
    );
  }

  async function inferLater(
    request: FastifyRequest,
    reply: FastifyReply,
    caller: Caller | Promise<Caller>,
  ): Promise<void> {
    const { model, version } = request.params as ModelParams;
    const { tenantId } = await caller;
    inferWith(await resolve(tenantId, model, version), request, reply);
  }

  return (request: FastifyRequest, reply: FastifyReply): void => {
    const caller = identify(request, contracts.modelInfer.scopes);
    const { model: name, version } = request.params as ModelParams;
    const model = caller instanceof Promise ? undefined : resolve(caller.tenantId, name, version);
    if (model && !(model instanceof Promise)) inferWith(model, request, reply);
    else inferLater(request, reply, caller).catch((error: unknown) => refuse(deps, request, reply, error));
  };
}

function refuse(
  { traceIdOf }: V2RoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  thrown: unknown,
): FastifyReply {
  const { error, status, headers, body } = toProtocolError(thrown, traceIdOf?.(request), request.url.split('?', 1)[0]);
  if (status >= 500) request.log.error({ err: error, code: error.code }, 'inference failed');
  return sendJson(reply.code(status).headers(headers), body);
}
