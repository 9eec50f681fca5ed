import { isAscii } from '../../../platform/text/is-ascii';
import type { Settle } from '../inference/batch-job';
import type { InferenceEngine, InferRequest } from '../inference/inference-engine';
import type { ResolvedModel } from '../inference/resolved-model';
import { servingPlan } from '../inference/serving-plan';
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
  /** Whether `outputsJson` is ASCII. */
  readonly ascii: boolean;
};

export type PredictRequest = {
  /** The caller's own. */
  readonly id: string | undefined;
  readonly request: InferRequest;
  readonly inputsJson?: string | undefined;
  /** Whether `id` and `inputsJson` are known to be ASCII. */
  readonly ascii?: boolean;
};

/** Runs a model and records what came of it. */
export type Predict = (model: ResolvedModel, request: PredictRequest, deadlineMs: number) => Promise<Prediction>;

/** The same, for a hot path. */
export type StartPrediction = (
  model: ResolvedModel,
  request: PredictRequest,
  deadlineMs: number,
  done: Settle<Prediction>,
) => void;

export type PredictDeps = {
  readonly engine: Pick<InferenceEngine, 'start'>;
  readonly record: Recorder;
  readonly newId?: (now: number) => string;
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
export function createStartPrediction({ engine, record, newId = createIds() }: PredictDeps): StartPrediction {
  function finish(
    model: ResolvedModel,
    { id: requestId, request: { inputs }, inputsJson, ascii: asciiRequest = false }: PredictRequest,
    outputs: readonly Tensor[],
    started: number,
    done: Settle<Prediction>,
  ): void {
    checkAnswerSize(outputs);
    const at = Date.now();
    const id = newId(at);
    const outputsJson = tensorsToJson(outputs);
    const ascii = servingPlan(model.signature).asciiOutputs || isAscii(outputsJson);
    const latencyMs = Math.round((performance.now() - started) * 1_000) / 1_000;
    const prediction = { id, outputs, outputsJson, ascii };
    const recorded = record(
      recordOf({
        id,
        model,
        requestId,
        inputs,
        inputsJson,
        asciiRequest,
        outputs,
        outputsJson,
        asciiOutputs: ascii,
        latencyMs,
        at,
      }),
    );
    if (recorded && model.settings.recording === 'required') {
      recorded.then(() => done.resolve(prediction), done.reject);
      return;
    }
    // Counted and logged by the recorder; the caller has its answer all the same.
    recorded?.catch(() => undefined);
    done.resolve(prediction);
  }

  return (model, asked, deadlineMs, done) => {
    if (asked.id !== undefined && !isText(asked.id)) {
      done.reject(idFault());
      return;
    }
    const started = performance.now();
    engine.start(model, asked.request, deadlineMs, {
      resolve({ outputs }) {
        try {
          finish(model, asked, outputs, started, done);
        } catch (error) {
          done.reject(error);
        }
      },
      reject: done.reject,
    });
  };
}

export function createPredict(deps: PredictDeps): Predict {
  const start = createStartPrediction(deps);
  return (model, request, deadlineMs) =>
    new Promise((resolve, reject) => start(model, request, deadlineMs, { resolve, reject }));
}
