import type { Metadata } from '@grpc/grpc-js';
import type { FastifyInstance } from 'fastify';
import { Gauge, type Registry } from 'prom-client';
import { version } from '../../../package.json';
import type { Identity } from '../../contracts/scopes';
import { bearerToken, requireScopes, tenantOf } from '../../platform/http/authorize';
import { createServiceApp, type Probe } from '../../platform/http/create-service-app';
import type { VerifyToken } from '../../platform/http/register-route';
import type { Logger } from '../../platform/logging/create-logger';
import type { InferenceEngine } from './inference/inference-engine';
import type { ModelResolver } from './inference/resolved-model';
import { createGrpcServer, type GrpcServer } from './protocol/grpc-service';
import { createPredict } from './protocol/predict';
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
};

export type PredictApp = { readonly http: FastifyInstance; readonly grpc: GrpcServer };

/** As much as API Gateway lets through. */
const maxBodyBytes = 10 * 1024 * 1024;

/** The Open Inference Protocol over REST (`/v2`) and gRPC. */
export function createPredictApp(options: PredictAppOptions): PredictApp {
  const { log, metrics, probes, verifyToken, engine, resolve, isReady, deadlineMs } = options;
  const predict = createPredict({ engine, record: options.record });
  const served = { engine, predict, resolve, isReady, version, deadlineMs, maxBodyBytes };
  const http = createServiceApp({ log, metrics, probes, bodyLimitBytes: maxBodyBytes });
  void http.register(
    createV2Routes({
      ...served,
      identify: (request, scopes) =>
        callerOf(verifyToken, request.headers.authorization, scopes, (identity) => {
          request.identity = identity;
        }),
      traceIdOf: (request) => request.trace.traceId,
    }),
  );
  const grpc = createGrpcServer({
    ...served,
    identify: (metadata, scopes) => callerOf(verifyToken, authorizationOf(metadata), scopes),
    onError: (error, method) => log.error({ err: error, method }, 'inference failed'),
  });
  registerStats(engine, metrics);
  return { http, grpc };
}

const authorizationOf = (metadata: Metadata): string | undefined => metadata.get('authorization')[0]?.toString();

/** Without a promise where the token is known. */
function callerOf(
  verifyToken: VerifyToken,
  authorization: string | undefined,
  scopes: readonly string[],
  onKnown?: (identity: Identity) => void,
): Caller | Promise<Caller> {
  const admit = (identity: Identity): Caller => {
    onKnown?.(identity);
    requireScopes(identity, scopes);
    return { tenantId: tenantOf(identity) };
  };
  const identity = verifyToken(bearerToken(authorization));
  return identity instanceof Promise ? identity.then(admit) : admit(identity);
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
