import { defaultModelSettings } from '../../src/contracts/http/models';
import type { ResolvedModel } from '../../src/services/predict/inference/resolved-model';
import { laneOf } from '../../src/services/predict/validation/lane-of';
import { readOnnxModel } from '../../src/services/predict/validation/onnx-model-reader';
import { signatureOf } from '../../src/services/predict/validation/signature-of';

type Parts = Partial<Omit<ResolvedModel, 'settings'>> & {
  batchable?: boolean;
  settings?: Partial<ResolvedModel['settings']>;
};

/** A ready version of a model, as the registry would resolve it; batched where its first dimension is open. */
export function resolvedModel(file: Buffer, { batchable = true, settings, ...parts }: Parts = {}): ResolvedModel {
  const reading = readOnnxModel(file);
  return {
    tenantId: 'tenant-a',
    model: 'm',
    version: '1',
    signature: { ...signatureOf(reading.graph), batchable },
    lane: laneOf(reading).lane,
    sizeBytes: file.length,
    loadBytes: () => Promise.resolve(file),
    ...parts,
    settings: { ...defaultModelSettings, ...settings },
  };
}
