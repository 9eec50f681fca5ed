import type { FastifyInstance } from 'fastify';
import { getPrediction, listPredictions } from '../../../contracts/http/predictions';
import { tenantOf } from '../../../platform/http/authorize';
import { withContentEtag } from '../../../platform/http/conditional';
import type { createLister } from '../../../platform/http/list-query';
import { registerRoute, type VerifyToken } from '../../../platform/http/register-route';
import { keepExact } from '../../../platform/json/exact-json';
import type { Shards } from '../../../platform/tenancy/shards';
import { createPredictionStore, predictionList, shardKey } from './prediction-store';

export type PredictionDeps = {
  /** The databases over which a tenant's predictions are spread, by their ids. @throws KolateError as `tenancy.open` does */
  readonly openShards: (tenantId: string) => Promise<Shards>;
  readonly lister: ReturnType<typeof createLister>;
};

export function registerPredictionRoutes(app: FastifyInstance, verifyToken: VerifyToken, deps: PredictionDeps): void {
  registerRoute(app, verifyToken, listPredictions, async (call) => {
    const shards = await deps.openShards(tenantOf(call.identity));
    const all = shards.all().map(({ sql }) => sql);
    const { items, ...page } = await deps.lister.listAcross(all, predictionList, call.query);
    return withContentEtag({ ...page, items: items.map(shown) }, call.ifNoneMatch);
  });

  registerRoute(app, verifyToken, getPrediction, async (call) => {
    const { predictionId } = call.params;
    const shards = await deps.openShards(tenantOf(call.identity));
    const { sql } = shards.of(shardKey(predictionId));
    return { status: 200, body: shown(await createPredictionStore(sql).read(predictionId)) };
  });
}

const tensors: ReadonlySet<string> = new Set(['inputs', 'outputs']);

/** Without what was not recorded, and with the tensors as JSON. */
function shown(row: Record<string, unknown>): Record<string, unknown> {
  const present = Object.entries(row).filter(([, value]) => value !== null);
  return Object.fromEntries(
    present.map(([name, value]) => [name, tensors.has(name) ? keepExact(String(value)) : value]),
  );
}
