import type { FastifyInstance } from 'fastify';
import { modelCreated, modelDeleted, modelUpdated } from '../../../contracts/events/predict-events';
import { createModel, deleteModel, getModel, listModels, updateModel } from '../../../contracts/http/models';
import { withContentEtag } from '../../../platform/http/conditional';
import { registerRoute, type VerifyToken } from '../../../platform/http/register-route';
import { createDoomedBlobs } from './doomed-blobs';
import { createModelStore, modelList } from './model-store';
import { change, databaseOf, type RegistryDeps } from './registry-deps';

export function registerModelRoutes(app: FastifyInstance, verifyToken: VerifyToken, deps: RegistryDeps): void {
  registerRoute(app, verifyToken, createModel, (call) =>
    change(deps, call, async ({ sql, fact }) => {
      const { name, description = '', settings = {} } = call.body;
      const model = await createModelStore(sql).insert(name, description, settings);
      await fact(modelCreated, name, {});
      return { status: 201, body: model, headers: { location: `/v1/models/${name}` } };
    }),
  );

  registerRoute(app, verifyToken, listModels, async (call) => {
    const { sql } = await databaseOf(deps, call);
    return withContentEtag(await deps.lister.list(sql, modelList, call.query), call.ifNoneMatch);
  });

  registerRoute(app, verifyToken, getModel, async (call) => {
    const { sql } = await databaseOf(deps, call);
    const model = await createModelStore(sql).read(call.params.model);
    return withContentEtag(model, call.ifNoneMatch);
  });

  registerRoute(app, verifyToken, updateModel, (call) =>
    change(deps, call, async ({ sql, fact }) => {
      const { description, settings = {} } = call.body;
      const model = await createModelStore(sql).update(call.params.model, description, settings);
      await fact(modelUpdated, model.name, {});
      return { status: 200, body: model };
    }),
  );

  registerRoute(app, verifyToken, deleteModel, (call) =>
    change(deps, call, async ({ sql, fact }) => {
      const { model } = call.params;
      const store = createModelStore(sql);
      // Locked first, so that no version comes in between the note of its blobs and the delete.
      await store.lock(model);
      await createDoomedBlobs(sql).doom(model);
      await store.remove(model);
      await fact(modelDeleted, model, {});
      return { status: 204 };
    }),
  );
}
