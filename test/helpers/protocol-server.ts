import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify from 'fastify';
import { KolateError } from '../../src/contracts/errors';
import { defaultModelSettings } from '../../src/contracts/http/models';
import { createInferenceEngine } from '../../src/services/predict/inference/inference-engine';
import type { ModelResolver, ResolvedModel } from '../../src/services/predict/inference/resolved-model';
import { createGrpcServer } from '../../src/services/predict/protocol/grpc-service';
import { createPredict } from '../../src/services/predict/protocol/predict';
import { createV2Routes } from '../../src/services/predict/protocol/v2-routes';
import { tryModel } from '../../src/services/predict/validation/trial';
import { buildPredictPrograms } from './predict-programs';
import type { listSamples } from './samples';

const tenantId = 'tenant-interop';
const version = '1';
const deadlineMs = 20_000;
const closeDeadlineMs = 2_000;
const maxBodyBytes = 10 * 1024 * 1024;

export type ProtocolServer = {
  http: string;
  grpc: string;
  token: string;
  close(): Promise<void>;
};

/** Serves the models of one tenant over REST and gRPC on loopback, as the predict service would, without its databases. */
export async function startProtocolServer(models: ReturnType<typeof listSamples>): Promise<ProtocolServer> {
  const folder = mkdtempSync(join(tmpdir(), 'kolate-interop-'));
  const engine = createInferenceEngine({
    programs: buildPredictPrograms(),
    cacheBytes: 64 * 1024 * 1024,
    quarantineFile: join(folder, 'quarantine.jsonl'),
  });
  const token = 'a-token-of-the-interop-tenant';
  const resolve = resolverOf(models);
  const predict = createPredict({ engine, record: () => undefined });
  const identify = (authorization: string | undefined) => {
    if (!authorization) throw new KolateError('KLT_TOKEN_MISSING', 'an access token is needed');
    if (authorization !== `Bearer ${token}`) throw new KolateError('KLT_TOKEN_INVALID', 'this token is not valid');
    return { tenantId };
  };
  const served = { engine, predict, resolve, isReady: () => true, version: '0.0.0', deadlineMs, maxBodyBytes };
  const app = fastify();
  await app.register(createV2Routes({ ...served, identify: ({ headers }) => identify(headers.authorization) }));
  const grpc = createGrpcServer({
    ...served,
    identify: (metadata) => identify(metadata.get('authorization')[0]?.toString()),
    writeLine: () => undefined,
  });
  const http = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    http,
    grpc: `127.0.0.1:${await grpc.listen('127.0.0.1:0')}`,
    token,
    async close() {
      await Promise.all([app.close(), grpc.close(closeDeadlineMs)]);
      await engine.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function resolverOf(models: ReturnType<typeof listSamples>): ModelResolver {
  const known = new Map<string, ResolvedModel>();
  for (const { sample, onnxPath } of models) {
    const file = readFileSync(onnxPath);
    const { signature, lane } = tryModel(file);
    const loadBytes = () => Promise.resolve(file);
    const settings = defaultModelSettings;
    const model = sample.name;
    known.set(model, { tenantId, model, version, signature, lane, settings, sizeBytes: file.length, loadBytes });
  }
  return (_tenantId, name, wanted = version) => {
    const model = known.get(name);
    if (!model) throw new KolateError('KLT_MODEL_NOT_FOUND', `there is no model ${name}`);
    if (wanted !== version) throw new KolateError('KLT_MODEL_NOT_FOUND', `model ${name} has no version ${wanted}`);
    return model;
  };
}
