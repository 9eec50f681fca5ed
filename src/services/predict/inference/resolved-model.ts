import type { Lane, ModelSettings, ModelSignature } from '../../../contracts/http/models';

/** A version of a tenant's model, as the registry knows it. One object per version, kept as long as nothing changes. */
export type ResolvedModel = {
  readonly tenantId: string;
  readonly model: string;
  readonly version: string;
  readonly signature: ModelSignature;
  readonly lane: Lane;
  readonly sizeBytes: number;
  readonly settings: Required<ModelSettings>;
  /** The model file. Called once per load into memory. */
  readonly loadBytes: () => Promise<Uint8Array>;
};

/**
 * Finds a model of a tenant; without a version, its default one; an alias may stand for a version. Synchronous when it is known.
 * @throws KolateError KLT_MODEL_NOT_FOUND, KLT_MODEL_NOT_READY
 */
export type ModelResolver = (
  tenantId: string,
  model: string,
  version?: string,
) => ResolvedModel | Promise<ResolvedModel>;

/** Of one model version, across tenants. The parts cannot hold a slash. */
export const modelKey = ({ tenantId, model, version }: Pick<ResolvedModel, 'tenantId' | 'model' | 'version'>): string =>
  `${tenantId}/${model}/${version}`;
