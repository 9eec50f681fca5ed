import type { FastifyInstance } from 'fastify';
import { KolateError } from '../../../contracts/errors';
import { modelVersionDeleted } from '../../../contracts/events/predict-events';
import {
  completeVersion,
  createVersion,
  deleteVersion,
  getVersion,
  listVersions,
  type UploadGrant,
} from '../../../contracts/http/models';
import { withContentEtag } from '../../../platform/http/conditional';
import { registerRoute, type VerifyToken } from '../../../platform/http/register-route';
import { createDoomedBlobs, uploadSeconds } from './doomed-blobs';
import { createModelStore } from './model-store';
import { type Change, change, databaseOf, type RegistryDeps } from './registry-deps';
import { type Announced, createVersionStore, versionList, versionNotFound, withoutNulls } from './version-store';

type Announcement = { readonly version?: string; readonly sha256: string; readonly sizeBytes: number };

export function registerVersionRoutes(app: FastifyInstance, verifyToken: VerifyToken, deps: RegistryDeps): void {
  registerRoute(app, verifyToken, createVersion, (call) =>
    change(deps, call, async (context) => {
      const { model } = call.params;
      const grant = await announce(deps, context, model, call.body);
      return { status: 201, body: grant, headers: { location: `/v1/models/${model}/versions/${grant.version}` } };
    }),
  );

  registerRoute(app, verifyToken, listVersions, async (call) => {
    const { sql } = await databaseOf(deps, call);
    await createModelStore(sql).read(call.params.model);
    const { items, ...page } = await deps.lister.list(sql, versionList(call.params.model), call.query);
    return withContentEtag({ ...page, items: items.map(withoutNulls) }, call.ifNoneMatch);
  });

  registerRoute(app, verifyToken, getVersion, async (call) => {
    const { sql } = await databaseOf(deps, call);
    const version = await createVersionStore(sql).read(call.params.model, call.params.version);
    return withContentEtag(version, call.ifNoneMatch);
  });

  registerRoute(app, verifyToken, completeVersion, (call) =>
    change(deps, call, async ({ sql }) => {
      const { model, version } = call.params;
      const store = createVersionStore(sql);
      const announced = await store.announced(model, version);
      if (!announced) throw versionNotFound(model, version);
      if (announced.state !== 'validating') {
        requireAwaitingUpload(version, announced);
        await requireUpload(deps, announced);
        await store.startValidation(announced.id);
      }
      return { status: 202, body: await store.read(model, version) };
    }),
  );

  registerRoute(app, verifyToken, deleteVersion, (call) =>
    change(deps, call, async ({ sql, fact }) => {
      const { model, version } = call.params;
      await createModelStore(sql).lock(model);
      await createDoomedBlobs(sql).doom(model, version);
      await createVersionStore(sql).remove(model, version);
      await fact(modelVersionDeleted, model, { version });
      return { status: 204 };
    }),
  );
}

/** A new version with the URL for its file; for a version that still awaits the same file, another URL. */
async function announce(
  { newId, blobs }: RegistryDeps,
  { sql, tenantId }: Change,
  model: string,
  { version: wanted, sha256, sizeBytes }: Announcement,
): Promise<UploadGrant> {
  await createModelStore(sql).lock(model);
  const store = createVersionStore(sql);
  const version = wanted ?? (await store.nextName(model));
  const known = await store.announced(model, version);
  const again = known?.state === 'awaiting-upload' && known.sha256 === sha256 && known.sizeBytes === sizeBytes;
  const id = again ? known.id : newId();
  const blobKey = again ? known.blobKey : `models/${tenantId}/${id}`;
  if (again) await store.touch(id);
  else await store.insert({ id, model, version, sha256, sizeBytes, blobKey });
  const upload = await blobs.presignPut({ key: blobKey, sizeBytes, sha256, expiresInSeconds: uploadSeconds });
  return { model, version, state: 'awaiting-upload', upload: { ...upload, headers: { ...upload.headers } } };
}

function requireAwaitingUpload(version: string, { state }: Announced): void {
  if (state === 'awaiting-upload') return;
  const extra = { state, allowed: ['awaiting-upload'] };
  throw new KolateError('KLT_MODEL_TRANSITION_ILLEGAL', `version ${version} is ${state} already`, { extra });
}

async function requireUpload({ blobs }: RegistryDeps, { blobKey, sizeBytes, sha256 }: Announced): Promise<void> {
  const found = await blobs.head(blobKey);
  if (!found) {
    throw new KolateError('KLT_UPLOAD_MISSING', 'nothing has been uploaded yet', {
      hint: 'PUT the file to the URL that announcing the version answered, with exactly its headers',
    });
  }
  if (found.sizeBytes !== sizeBytes) {
    throw new KolateError('KLT_UPLOAD_MISMATCH', `${sizeBytes} bytes were announced, ${found.sizeBytes} uploaded`);
  }
  if (found.sha256 !== undefined && found.sha256 !== sha256) {
    throw new KolateError('KLT_UPLOAD_MISMATCH', `the SHA-256 of the upload is ${found.sha256}, not the announced one`);
  }
}
