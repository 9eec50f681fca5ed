import type { InferenceEngine, InferRequest } from '../inference/inference-engine';
import type { ResolvedModel } from '../inference/resolved-model';
import type { Tensor } from '../inference/tensors';
import { createIds } from './create-id';
import { checkAnswerSize } from './encode-infer';
import { type Recorder, recordOf } from './prediction-record';
import { bodyFault } from './tensor-fault';
import { tensorsToJson } from './tensor-json';

export type Prediction = {
  readonly id: string;
  readonly outputs: readonly Tensor[];
  readonly outputsJson: string;
};

export type PredictRequest = {
  /** The caller's own. */
  readonly id: string | undefined;
  readonly request: InferRequest;
  readonly inputsJson?: string | undefined;
};

/** Runs a model and records what came of it. */
export type Predict = (model: ResolvedModel, request: PredictRequest, deadlineMs: number) => Promise<Prediction>;

export type PredictDeps = {
  readonly engine: Pick<InferenceEngine, 'infer'>;
  readonly record: Recorder;
  readonly newId?: () => string;
};

/** A record with any other text could not be stored, and its prediction would be lost after it had been answered. */
const isText = (text: string): boolean => text.length <= maxIdLength && text.isWellFormed() && !text.includes('\0');
const maxIdLength = 1_024;
const idFault = () =>
  bodyFault(
    '/id',
    `the id of the request has to be text of at most ${maxIdLength} characters, without NUL and without halves of surrogate pairs`,
  );

/** REST and gRPC predict alike: an id, the run, the record, then the answer. */
export function createPredict({ engine, record, newId = createIds() }: PredictDeps): Predict {
  return (model, { id: requestId, request, inputsJson }, deadlineMs) => {
    if (requestId !== undefined && !isText(requestId)) return Promise.reject(idFault());
    const started = performance.now();
    return engine.infer(model, request, deadlineMs).then(({ outputs }) => {
      checkAnswerSize(outputs);
      const id = newId();
      const outputsJson = tensorsToJson(outputs);
      const latencyMs = Math.round((performance.now() - started) * 1_000) / 1_000;
      const { inputs } = request;
      const prediction = { id, outputs, outputsJson };
      const recorded = record(
        recordOf({ id, model, requestId, inputs, inputsJson, outputsJson, latencyMs, at: Date.now() }),
      );
      if (!recorded) return prediction;
      if (model.settings.recording === 'required') return recorded.then(() => prediction);
      // Counted and logged by the recorder; the caller has its answer all the same.
      recorded.catch(() => undefined);
      return prediction;
    });
  };
}
