import { KolateError, toKolateError } from '../../../contracts/errors';
import { modelInfer, modelVersionInfer } from '../../../contracts/http/inference';
import type { Identity } from '../../../contracts/scopes';
import { bearerToken, requireScopes, tenantOf } from '../../../platform/http/authorize';
import type { FastAnswer, FastRequest, Respond } from '../../../platform/http/fast-lane/connection';
import type { VerifyToken } from '../../../platform/http/register-route';
import type { LineWriter } from '../../../platform/logging/create-line-writer';
import type { Logger } from '../../../platform/logging/create-logger';
import type { DurationTally } from '../../../platform/telemetry/create-duration-tally';
import { traceIdOf } from '../../../platform/telemetry/trace-context';
import type { Span, Tracer } from '../../../platform/telemetry/tracer';
import { isAscii } from '../../../platform/text/is-ascii';
import type { ModelResolver, ResolvedModel } from '../inference/resolved-model';
import { type DecodedInfer, decodeInfer } from './decode-infer';
import { answerAsBinary, answerAsJson } from './encode-infer';
import type { InferRoute } from './infer-route';
import type { Prediction, StartPrediction } from './predict';
import { protocolType, toProtocolError } from './protocol-error';
import { traceInference } from './trace-inference';
import { colonPath } from './v2-routes';

export type FastInferDeps = {
  readonly predict: StartPrediction;
  readonly resolve: ModelResolver;
  readonly verifyToken: VerifyToken;
  /** Takes one call of the tenant's limit. @throws KolateError KLT_RATE_LIMITED, KLT_QUOTA_EXHAUSTED */
  readonly admit?: (identity: Identity) => void | Promise<void>;
  readonly deadlineMs: number;
  readonly log: Logger;
  readonly writeLine: LineWriter;
  readonly durations: DurationTally;
  /** Asked once a request; the rest is done for recorded ones alone. */
  readonly tracer?: Tracer;
};

type Running = {
  readonly request: FastRequest<InferRoute>;
  readonly respond: Respond;
  readonly startedAt: number;
  readonly traceId: string;
  /** Absent where the request is not recorded. */
  readonly span: Span | undefined;
  tenantId: string | undefined;
};
type Answer = Omit<FastAnswer, 'contentType'> & { readonly contentType?: string };

/** The infer route in the fast lane: what `createV2Routes` does, without a promise where all is known. */
export function createFastInfer(deps: FastInferDeps): (request: FastRequest<InferRoute>, respond: Respond) => void {
  const { predict, resolve, verifyToken, admit, deadlineMs, log, writeLine, durations, tracer } = deps;
  const tokenOf = createTokenReader();

  function answer(running: Running, { status, headers, body, ascii, contentType = protocolType }: Answer): void {
    const { request, traceId, tenantId } = running;
    const requestId = `x-request-id: ${request.head.requestId ?? traceId}\r\n`;
    running.respond(request, { status, headers: requestId + headers, contentType, body, ascii });
    const ms = Math.round((performance.now() - running.startedAt) * 100) / 100;
    durations.add(status, ms);
    if (running.span) endSpan(running.span, running, status);
    const whose = tenantId === undefined ? '' : `"tenantId":"${tenantId}",`;
    writeLine(
      `"method":"POST","path":"${request.route.path}","status":${status},"ms":${ms},${whose}"traceId":"${traceId}"`,
    );
  }

  function refuse(running: Running, thrown: unknown): void {
    const { traceId, request } = running;
    const { error, status, headers, body } = toProtocolError(thrown, traceId, request.route.path);
    if (status >= 500) log.error({ err: error, code: error.code, traceId }, 'inference failed');
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    answer(running, { status, headers: lines.join(''), body, ascii: false });
  }

  function infer(running: Running, model: ResolvedModel): void {
    const { body, head } = running.request;
    const decoded = decodeInfer(model, body, headerLengthOf(head.extra));
    const called = running.span && traceInference(tracer, running.span, model);
    const reject = (error: unknown): void => {
      called?.end(toKolateError(error).code);
      refuse(running, error);
    };
    predict(model, decoded, deadlineMs, {
      resolve(prediction) {
        called?.end();
        try {
          succeed(running, model, decoded, prediction);
        } catch (error) {
          refuse(running, error);
        }
      },
      reject,
    });
  }

  function succeed(running: Running, model: ResolvedModel, decoded: DecodedInfer, prediction: Prediction): void {
    const { id, isBinary } = decoded;
    const { id: predictionId, outputs, outputsJson } = prediction;
    const answered = { model, id, predictionId, outputs };
    const headers = `kolate-prediction-id: ${predictionId}\r\n`;
    if (!outputs.some(({ name }) => isBinary(name))) {
      const ascii = prediction.ascii && (decoded.ascii || id === undefined || isAscii(id));
      answer(running, { status: 200, headers, body: answerAsJson(answered, outputsJson), ascii });
      return;
    }
    const { headerLength, body } = answerAsBinary(answered, isBinary);
    const lengths = `${headers}inference-header-content-length: ${headerLength}\r\n`;
    answer(running, { status: 200, headers: lengths, contentType: 'application/octet-stream', body, ascii: true });
  }

  function admitCaller(running: Running, identity: Identity): void | Promise<void> {
    requireScopes(identity, modelInfer.scopes);
    running.tenantId = tenantOf(identity);
    return admit?.(identity);
  }

  const find = ({ tenantId = '', request }: Running): ResolvedModel | Promise<ResolvedModel> =>
    resolve(tenantId, request.route.model, request.route.version);

  /** Where the token or the limit has to be asked for. */
  async function inferLater(
    running: Running,
    identity: Identity | Promise<Identity>,
    admission: unknown,
  ): Promise<void> {
    if (identity instanceof Promise) await admitCaller(running, await identity);
    else await admission;
    infer(running, await find(running));
  }

  return (request, respond) => {
    const { traceparent } = request.head;
    const span = tracer?.begin('server', templateOf(request.route).name, traceparent);
    const traceId = span ? span.traceId : traceIdOf(traceparent);
    const running: Running = { request, respond, startedAt: performance.now(), traceId, span, tenantId: undefined };
    try {
      const identity = verifyToken(tokenOf(request.head.authorization));
      const admission = identity instanceof Promise ? identity : admitCaller(running, identity);
      const model = admission ? undefined : find(running);
      if (model && !(model instanceof Promise)) infer(running, model);
      else if (model) model.then((found) => infer(running, found)).catch((error: unknown) => refuse(running, error));
      else inferLater(running, identity, admission).catch((error: unknown) => refuse(running, error));
    } catch (error) {
      refuse(running, error);
    }
  };
}

const named = (route: string) => ({ route, name: `POST ${route}` });
const plain = named(colonPath(modelInfer.path));
const versioned = named(colonPath(modelVersionInfer.path));
const templateOf = ({ version }: InferRoute) => (version === undefined ? plain : versioned);

/** As `createServiceApp` ends those of other requests. */
function endSpan(span: Span, { request, tenantId }: Running, status: number): void {
  span.set({
    'http.request.method': 'POST',
    'http.route': templateOf(request.route).route,
    'url.path': request.route.path,
    'http.response.status_code': status,
    'kolate.tenant_id': tenantId,
  });
  span.end(status >= 500 ? String(status) : undefined);
}

const maxTokens = 10_000;

/**
 * The token of an Authorization header, as the same string each time: the hash of a long text, by which a Map finds it, is worked
 * out once for each string, and that takes longer than the rest of the search.
 * @throws KolateError KLT_TOKEN_MISSING
 */
function createTokenReader(): (authorization: string | undefined) => string {
  const tokens = new Map<string, string>();
  return (authorization) => {
    const known = authorization === undefined ? undefined : tokens.get(authorization);
    if (known !== undefined) return known;
    const token = bearerToken(authorization);
    if (tokens.size >= maxTokens) tokens.clear();
    if (authorization !== undefined) tokens.set(authorization, token);
    return token;
  };
}

const digits = /^\d{1,12}$/;

function headerLengthOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (digits.test(text)) return Number(text);
  const detail = `Inference-Header-Content-Length is ${text}; a number of bytes is expected`;
  throw new KolateError('KLT_BODY_MALFORMED', detail);
}
