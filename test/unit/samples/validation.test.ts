import { readFileSync } from 'node:fs';
import { tryModel } from '../../../src/services/predict/validation/trial';
import { echoFolder, listSamples } from '../../helpers/samples';

const files = [...listSamples(), ...listSamples(echoFolder)].map((one) => ({ name: one.sample.name, ...one }));

describe.each(files)('uploaded, $name', ({ sample, onnxPath }) => {
  const { signature, lane, because } = tryModel(readFileSync(onnxPath));

  it('runs in the fast lane, its rows together with those of other requests', () => {
    expect({ lane, because, batchable: signature.batchable }).toEqual({
      lane: 'fast',
      because: undefined,
      batchable: true,
    });
  });

  it('is described by its inputs as declared and its outputs as they come', () => {
    const plain = ({ name, datatype, shape }: { name: string; datatype: string; shape: number[] }) => ({
      name,
      datatype,
      shape,
    });
    expect(signature.inputs.map(plain)).toEqual(sample.inputs);
    const seen = sample.test.outputs.map(({ name, datatype, shape }) => ({
      name,
      datatype,
      shape: [-1, ...shape.slice(1)],
    }));
    expect(signature.outputs.map(plain)).toEqual(seen);
  });
});
