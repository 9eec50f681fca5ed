import type { Metadata } from '@grpc/grpc-js';
import type { FastifyInstance } from 'fastify';
import { Gauge, type Registry } from 'prom-client';
import { version } from '../../../package.json';
import { modelInfer } from '../../contracts/http/inference';
import type { Route } from '../../contracts/http/route';
import type { Identity } from '../../contracts/scopes';
import { bearerToken, requireScopes, tenantOf } from '../../platform/http/authorize';
import { createServiceApp, type Probe } from '../../platform/http/create-service-app';
import { installFastLane } from '../../platform/http/fast-lane/install-fast-lane';
import type { VerifyToken } from '../../platform/http/register-route';
import { createLineWriter } from '../../platform/logging/create-line-writer';
import type { Logger } from '../../platform/logging/create-logger';
import { createDurationTally } from '../../platform/telemetry/create-duration-tally';
import type { Tracer } from '../../platform/telemetry/tracer';
import type { InferenceEngine } from './inference/inference-engine';
import type { ModelResolver } from './inference/resolved-model';
import { createFastInfer } from './protocol/fast-infer';
import { createGrpcServer, type GrpcServer } from './protocol/grpc-service';
import { createInferMatcher } from './protocol/infer-route';
import { createPredict, createStartPrediction } from './protocol/predict';
import type { Recorder } from './protocol/prediction-record';
import { type Caller, createV2Routes } from './protocol/v2-routes';

export type PredictAppOptions = {
  readonly log: Logger;
  readonly metrics: Registry;
  readonly probes: readonly Probe[];
  readonly verifyToken: VerifyToken;
  readonly engine: InferenceEngine;
  readonly resolve: ModelResolver;
  readonly record: Recorder;
  readonly isReady: () => boolean;
  readonly deadlineMs: number;
  readonly tracer?: Tracer;
  /** Takes one call of the tenant's limit (`inference` unless said), where no gateway does. @throws KolateError KLT_RATE_LIMITED */
  readonly admit?: (identity: Identity, throttle?: Route['throttle']) => void | Promise<void>;
};

export type PredictApp = { readonly http: FastifyInstance; readonly grpc: GrpcServer };

/** As much as API Gateway lets through. */
const maxBodyBytes = 10 * 1024 * 1024;

/** The Open Inference Protocol over REST (`/v2`) and gRPC. */
export function createPredictApp(options: PredictAppOptions): PredictApp {
  const { log, metrics, probes, verifyToken, admit, engine, resolve, isReady, deadlineMs, tracer } = options;
  const callerOf = createCallers(options);
  const writeLine = createLineWriter(log);
  const predict = createPredict({ engine, record: options.record });
  const served = { engine, predict, resolve, isReady, version, deadlineMs, maxBodyBytes };
  const http = createServiceApp({ log, metrics, probes, bodyLimitBytes: maxBodyBytes, tracer });
  void http.register(
    createV2Routes({
      ...served,
      identify: (request, scopes) =>
        callerOf(request.headers.authorization, scopes, (identity) => {
          request.identity = identity;
        }),
      traceIdOf: (request) => request.trace.traceId,
      tracer,
    }),
  );
  const grpc = createGrpcServer({
    ...served,
    identify: (metadata, scopes, onKnown) => callerOf(authorizationOf(metadata), scopes, onKnown),
    writeLine,
    onError: (error, method, traceId) => log.error({ err: error, method, traceId }, 'inference failed'),
  });
  const lane = installFastLane(http.server, {
    match: createInferMatcher(),
    extraHeader: 'inference-header-content-length',
    handle: createFastInfer({
      ...{
        predict: createStartPrediction({ engine, record: options.record }),
        resolve,
        verifyToken,
        admit,
        deadlineMs,
        log,
        tracer,
      },
      writeLine,
      durations: createDurationTally(metrics, 'kolate_infer_duration_seconds', 'Time of predictions over plain HTTP'),
    }),
  });
  http.addHook('preClose', (done) => {
    lane.close();
    done();
  });
  registerStats(engine, metrics);
  return { http, grpc };
}

const authorizationOf = (metadata: Metadata): string | undefined => metadata.get('authorization')[0]?.toString();

type OnKnown = (identity: Identity) => void;

/** Finds the caller without a promise where the token is known. */
function createCallers({ verifyToken, admit }: Pick<PredictAppOptions, 'verifyToken' | 'admit'>) {
  const enter = (identity: Identity, scopes: readonly string[], onKnown?: OnKnown): Caller | Promise<Caller> => {
    onKnown?.(identity);
    requireScopes(identity, scopes);
    const caller = { tenantId: tenantOf(identity) };
    const admission = admit?.(identity, scopes === modelInfer.scopes ? 'inference' : 'control');
    return admission ? admission.then(() => caller) : caller;
  };
  return (
    authorization: string | undefined,
    scopes: readonly string[],
    onKnown?: OnKnown,
  ): Caller | Promise<Caller> => {
    const identity = verifyToken(bearerToken(authorization));
    return identity instanceof Promise
      ? identity.then((known) => enter(known, scopes, onKnown))
      : enter(identity, scopes, onKnown);
  };
}

function registerStats(engine: InferenceEngine, metrics: Registry): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `kolate_inference_${name}`,
      help,
      registers: [metrics],
      collect() {
        this.set(read());
      },
    });
  };
  gauge('models', 'Models in memory', () => engine.stats().cache.models);
  gauge('model_bytes', 'What they are counted to take', () => engine.stats().cache.bytes);
  gauge('waiting', 'Requests that wait for their micro-batch', () => engine.stats().batches.waiting);
  gauge('rows_total', 'Rows inferred', () => engine.stats().batches.rows);
  gauge(
    'calls_total',
    'Calls of models; rows ÷ calls is how well they are batched',
    () => engine.stats().batches.calls,
  );
  gauge('contained_processes', 'Processes of contained models', () => engine.stats().contained.processes);
  gauge('contained_deaths_total', 'Such processes that had to be ended', () => engine.stats().contained.deaths);
}
