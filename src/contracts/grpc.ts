import { modelInfer, modelMetadata, modelReady, serverLive, serverMetadata, serverReady } from './http/inference';
import type { Route } from './http/route';

const service = 'inference.GRPCInferenceService';

/**
 * The calls of proto/open_inference.proto by their `:path`. Each needs the scopes and counts against the limit of the
 * HTTP operation that does the same.
 */
export const rpcRoutes: ReadonlyMap<string, Route> = new Map<string, Route>([
  [`/${service}/ServerLive`, serverLive],
  [`/${service}/ServerReady`, serverReady],
  [`/${service}/ServerMetadata`, serverMetadata],
  [`/${service}/ModelReady`, modelReady],
  [`/${service}/ModelMetadata`, modelMetadata],
  [`/${service}/ModelInfer`, modelInfer],
]);
