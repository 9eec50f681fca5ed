import type { InferenceEngine, InferRequest } from '../inference/inference-engine';
import type { ResolvedModel } from '../inference/resolved-model';
import type { Tensor } from '../inference/tensors';
import { createIds } from './create-id';
import { checkAnswerSize } from './encode-infer';
import { type Recorder, recordOf } from './prediction-record';
import { tensorsToJson } from './tensor-json';

export type Prediction = {
  readonly id: string;
  readonly outputs: readonly Tensor[];
  readonly outputsJson: string;
};

/** Runs a model and records what came of it. */
export type Predict = (
  model: ResolvedModel,
  request: InferRequest,
  requestId: string | undefined,
  deadlineMs: number,
) => Promise<Prediction>;

export type PredictDeps = {
  readonly engine: Pick<InferenceEngine, 'infer'>;
  readonly record: Recorder;
  readonly newId?: () => string;
};

/** REST and gRPC predict alike: an id, the run, the record, then the answer. */
export function createPredict({ engine, record, newId = createIds() }: PredictDeps): Predict {
  return async (model, request, requestId, deadlineMs) => {
    const started = performance.now();
    const id = newId();
    const { outputs } = await engine.infer(model, request, deadlineMs);
    checkAnswerSize(outputs);
    const outputsJson = tensorsToJson(outputs);
    const latencyMs = Math.round((performance.now() - started) * 1_000) / 1_000;
    const { inputs } = request;
    const recorded = record(recordOf({ id, model, requestId, inputs, outputsJson, latencyMs, at: Date.now() }));
    if (recorded) {
      if (model.settings.recording === 'required') await recorded;
      // Counted and logged by the recorder; the caller has its answer all the same.
      else recorded.catch(() => undefined);
    }
    return { id, outputs, outputsJson };
  };
}
