import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInferenceEngine, type InferenceEngine } from '../src/services/predict/inference/inference-engine';
import { loadSession } from '../src/services/predict/inference/ort-runtime';
import type { ResolvedModel } from '../src/services/predict/inference/resolved-model';
import type { Tensor } from '../src/services/predict/inference/tensors';
import { resolvedModel } from '../test/builders/resolved-model';
import { runBench } from './harness';
import { bundle } from './program';

/**
 * M3: rows a CPU second that come out of one-row requests, 512 of them under way at a time, ÷ rows a CPU second of a loop
 * that does nothing but run the same model on batches of 512.
 */
const sample = 'wine-origin';
const rowsAtOnce = 512;
const turns = 400;
const deadlineMs = 30_000;

function rowsOf(columns: number, rows: number): Tensor {
  const data = Float32Array.from({ length: rows * columns }, (_, i) => ((i * 7919) % 1000) / 20);
  return { name: 'features', datatype: 'FP32', shape: [rows, columns], data };
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

async function askOneByOne(
  engine: InferenceEngine,
  model: ResolvedModel,
  requests: readonly Tensor[],
): Promise<number> {
  const before = cpuSeconds();
  for (let turn = 0; turn < turns; turn += 1) {
    await Promise.all(requests.map((input) => engine.infer(model, { inputs: [input] }, deadlineMs)));
  }
  return (turns * requests.length) / (cpuSeconds() - before);
}

async function main(): Promise<void> {
  const file = readFileSync(`models/samples/${sample}.onnx`);
  const model = resolvedModel(file);
  const columns = model.signature.inputs[0]?.shape[1] ?? 1;
  const requests = Array.from({ length: rowsAtOnce }, () => rowsOf(columns, 1));
  const batch = [rowsOf(columns, rowsAtOnce)];
  const outputs = model.signature.outputs.map((output) => output.name);
  const home = mkdtempSync(join(tmpdir(), 'kolate-m3-'));
  const engine = createInferenceEngine({
    programs: {
      modelProcess: await bundle('src/services/predict/inference/model-process.ts'),
      watchdogThread: await bundle('src/services/predict/inference/watchdog-thread.ts'),
    },
    cacheBytes: 256 * 1024 ** 2,
    quarantineFile: join(home, 'quarantine'),
  });
  const session = loadSession(file);
  const bareLoop = async (): Promise<number> => {
    const before = cpuSeconds();
    for (let turn = 0; turn < turns; turn += 1) session.run(batch, outputs);
    return (turns * rowsAtOnce) / (cpuSeconds() - before);
  };
  await runBench({
    metric: 'M3',
    title: `one-row requests of ${sample}, ${rowsAtOnce} under way ÷ a bare ONNX Runtime loop at batch ${rowsAtOnce}`,
    unit: 'rows per CPU second',
    floor: 0.4,
    goal: 0.8,
    better: 'higher',
    warmups: 2,
    subject: { name: 'engine', measure: () => askOneByOne(engine, model, requests) },
    reference: { name: 'bare loop', measure: bareLoop },
  });
  session.release();
  await engine.close();
  rmSync(home, { recursive: true });
}

void main();
