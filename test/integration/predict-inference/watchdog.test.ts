import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import { createInferenceEngine } from '../../../src/services/predict/inference/inference-engine';
import { linearModel, loopModel } from '../../builders/onnx-models';
import { resolvedModel } from '../../builders/resolved-model';
import { buildPredictPrograms } from '../../helpers/predict-programs';

const programs = buildPredictPrograms();
const folder = mkdtempSync(join(tmpdir(), 'kolate-watchdog-'));
const quarantineFile = join(folder, 'quarantine.jsonl');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A serving process that is given an endless model in its fast lane, as though validation had been fooled. */
const servingProgram = `
  import { readFileSync } from 'node:fs';
  import { createInferenceEngine } from './src/services/predict/inference/inference-engine';
  const [modelProcess, watchdogThread, quarantineFile, modelFile] = process.argv.slice(2);
  const engine = createInferenceEngine({
    programs: { modelProcess, watchdogThread }, cacheBytes: 1e8, quarantineFile, standstillMs: 800,
  });
  const model = {
    tenantId: 'tenant-a', model: 'endless', version: '3', lane: 'fast', sizeBytes: 1000,
    signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }], outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }] },
    loadBytes: async () => readFileSync(modelFile),
  };
  const input = { name: 'x', datatype: 'FP32', shape: [1], data: Float32Array.of(1) };
  engine.infer(model, { inputs: [input] }, 60000).finally(() => process.exit(7));
`;

async function serveEndlessModel(): Promise<{ code: number | null; signal: string | null }> {
  const outfile = join(dirname(programs.modelProcess), 'serving.js');
  buildSync({
    stdin: { contents: servingProgram, resolveDir: join(__dirname, '../../..'), loader: 'ts' },
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
  });
  const modelFile = join(folder, 'endless.onnx');
  writeFileSync(modelFile, loopModel());
  const args = [outfile, programs.modelProcess, programs.watchdogThread, quarantineFile, modelFile];
  const child = spawn(process.execPath, args, { stdio: 'inherit', timeout: 30_000 });
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
}

it('ends a serving process that stands still, and keeps that model, and no other, out of the next one', async () => {
  expect(await serveEndlessModel()).toEqual({ code: null, signal: 'SIGKILL' });
  const [line] = readFileSync(quarantineFile, 'utf8').trim().split('\n');
  expect(JSON.parse(line ?? '')).toMatchObject({
    key: 'tenant-a/endless/3',
    reason: 'one run did not end within 800 ms',
  });

  const engine = createInferenceEngine({ programs, cacheBytes: 1e8, quarantineFile });
  try {
    expect(engine.quarantined).toMatchObject([{ key: 'tenant-a/endless/3' }]);
    const endless = resolvedModel(loopModel(), { model: 'endless', version: '3', lane: 'fast' });
    const ask = (model: typeof endless, shape: number[]) =>
      engine.infer(
        model,
        { inputs: [{ name: 'x', datatype: 'FP32', shape, data: new Float32Array(shape.at(-1) ?? 1) }] },
        5_000,
      );
    await expect(ask(endless, [1])).rejects.toMatchObject({
      code: 'KLT_MODEL_QUARANTINED',
      detail: expect.stringContaining('one run did not end within 800 ms'),
    });
    await expect(ask(resolvedModel(linearModel()), [1, 4])).resolves.toMatchObject({ outputs: [{ name: 'y' }] });
  } finally {
    await engine.close();
  }
});

it('reads what it can of a file that a crash has cut off', async () => {
  writeFileSync(quarantineFile, '{"key":"a/b/1","reason":"r","at":"t"}\nnot json\n{"key":"a/b/2","rea');
  const engine = createInferenceEngine({ programs, cacheBytes: 1e8, quarantineFile });
  await engine.close();
  expect(engine.quarantined).toEqual([{ key: 'a/b/1', reason: 'r', at: 't' }]);
});
