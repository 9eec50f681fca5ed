import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import { int64s, model, node, value } from '../../builders/onnx-model';
import { linearModel } from '../../builders/onnx-models';
import { buildPredictPrograms } from '../../helpers/predict-programs';

const programs = buildPredictPrograms();
const folder = mkdtempSync(join(tmpdir(), 'kolate-memory-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** y[i][j] = x[i] · x[j]: the square of what the caller sends. */
const square = model({
  node: [node('Unsqueeze', ['x', 'last'], ['column']), node('Mul', ['x', 'column'], ['y'])],
  input: [value('x', 'FP32', ['N'])],
  output: [value('y', 'FP32', ['N', 'N'])],
  initializer: [int64s('last', [1], [1])],
});

/** A serving process with 400 MB to spare, which is asked for 1.6 GB and then for one row. */
const program = `
  import { readFileSync } from 'node:fs';
  import { createInferenceEngine } from './src/services/predict/inference/inference-engine';
  import { limitMemory } from './src/services/predict/inference/limit-memory';
  const [modelProcess, watchdogThread, quarantineFile, squareFile, linearFile] = process.argv.slice(2);
  const engine = createInferenceEngine({ programs: { modelProcess, watchdogThread }, cacheBytes: 1e8, quarantineFile });
  const model = (name, file, shape) => ({
    tenantId: 't', model: name, version: '1', lane: 'fast', sizeBytes: 1000, loadBytes: async () => readFileSync(file),
    signature: { inputs: [{ name: 'x', datatype: 'FP32', shape }], outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, -1] }] },
  });
  const ask = (model, shape) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b));
    return engine.infer(model, { inputs: [{ name: 'x', datatype: 'FP32', shape, data }] }, 30000);
  };
  const outcome = async (asked) => asked.then(() => 'answered', (error) => error.code);
  (async () => {
    const squares = model('square', squareFile, [-1]);
    const said = [await outcome(ask(squares, [100])), limitMemory(400e6)];
    said.push(await outcome(ask(squares, [20000])));
    said.push(await outcome(ask(model('linear', linearFile, [-1, 4]), [1, 4])));
    process.stdout.write(JSON.stringify(said));
    process.exit(0);
  })();
`;

(process.platform === 'linux' ? it : it.skip)('makes running out of memory an error of one call', async () => {
  const outfile = join(dirname(programs.modelProcess), 'limited.js');
  buildSync({
    stdin: { contents: program, resolveDir: join(__dirname, '../../..'), loader: 'ts' },
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
  });
  const [squareFile, linearFile] = [join(folder, 'square.onnx'), join(folder, 'linear.onnx')];
  writeFileSync(squareFile, square);
  writeFileSync(linearFile, linearModel());
  const args = [outfile, programs.modelProcess, programs.watchdogThread, join(folder, 'q'), squareFile, linearFile];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: 30_000 });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect({ code, said: JSON.parse(said || 'null') }).toEqual({
    code: 0,
    said: ['answered', true, 'KLT_INFERENCE_OUT_OF_BOUNDS', 'answered'],
  });
});
