import type { FastifyInstance } from 'fastify';
import { getPrediction, listPredictions } from '../../../contracts/http/predictions';
import { tenantOf } from '../../../platform/http/authorize';
import { withContentEtag } from '../../../platform/http/conditional';
import type { createLister } from '../../../platform/http/list-query';
import { registerRoute, type VerifyToken } from '../../../platform/http/register-route';
import { keepExact } from '../../../platform/json/exact-json';
import type { Postgres } from '../../../platform/postgres/create-postgres';
import { createPredictionStore, predictionList } from './prediction-store';

export type PredictionDeps = {
  readonly openDatabase: (tenantId: string) => Promise<Postgres<'tenant'>>;
  readonly lister: ReturnType<typeof createLister>;
};

export function registerPredictionRoutes(app: FastifyInstance, verifyToken: VerifyToken, deps: PredictionDeps): void {
  registerRoute(app, verifyToken, listPredictions, async (call) => {
    const { sql } = await deps.openDatabase(tenantOf(call.identity));
    const { items, ...page } = await deps.lister.list(sql, predictionList, call.query);
    return withContentEtag({ ...page, items: items.map(shown) }, call.ifNoneMatch);
  });

  registerRoute(app, verifyToken, getPrediction, async (call) => {
    const { sql } = await deps.openDatabase(tenantOf(call.identity));
    return { status: 200, body: shown(await createPredictionStore(sql).read(call.params.predictionId)) };
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
