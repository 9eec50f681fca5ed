import type { FastifyInstance } from 'fastify';
import { modelAliasDeleted, modelAliasMoved } from '../../../contracts/events/predict-events';
import { deleteAlias, getAlias, moveAlias } from '../../../contracts/http/models';
import { withContentEtag } from '../../../platform/http/conditional';
import { registerRoute, type VerifyToken } from '../../../platform/http/register-route';
import { createAliasStore } from './alias-store';
import { createModelStore } from './model-store';
import { change, databaseOf, type RegistryDeps } from './registry-deps';

export function registerAliasRoutes(app: FastifyInstance, verifyToken: VerifyToken, deps: RegistryDeps): void {
  registerRoute(app, verifyToken, moveAlias, (call) =>
    change(deps, call, async ({ sql, fact }) => {
      const { model, alias } = call.params;
      const { version } = call.body;
      await createModelStore(sql).lock(model);
      const store = createAliasStore(sql);
      if (await store.move(model, alias, version, call.identity.subject)) {
        await fact(modelAliasMoved, model, { version, alias });
      }
      return { status: 200, body: await store.read(model, alias) };
    }),
  );

  registerRoute(app, verifyToken, getAlias, async (call) => {
    const { sql } = await databaseOf(deps, call);
    const alias = await createAliasStore(sql).read(call.params.model, call.params.alias);
    return withContentEtag(alias, call.ifNoneMatch);
  });

  registerRoute(app, verifyToken, deleteAlias, (call) =>
    change(deps, call, async ({ sql, fact }) => {
      const { model, alias } = call.params;
      await createModelStore(sql).lock(model);
      await createAliasStore(sql).remove(model, alias);
      await fact(modelAliasDeleted, model, { alias });
      return { status: 204 };
    }),
  );
}
