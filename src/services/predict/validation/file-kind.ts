import { reject } from './rejection';

type Kind = Parameters<typeof reject>;

const exportHint = 'export the model to ONNX and upload the .onnx file itself';
const pytorchHint = 'a .pt, .pth, .keras or .npz file is a zip; export with torch.onnx.export, tf2onnx or skl2onnx';
const starts = (bytes: Buffer, ...magic: number[]): boolean => magic.every((byte, index) => bytes[index] === byte);
const has = (bytes: Buffer, ascii: string, at: number): boolean =>
  bytes.toString('latin1', at, at + ascii.length) === ascii;

/** Files of other formats by their first bytes. None of these beginnings can be an ONNX model. */
const kinds: readonly (readonly [(bytes: Buffer) => boolean, Kind])[] = [
  [(b) => b.length === 0, ['empty', 'the file is empty']],
  [(b) => has(b, 'PK\x03\x04', 0) || has(b, 'PK\x05\x06', 0), ['is_zip', 'the file is a zip archive', pytorchHint]],
  [(b) => starts(b, 0x1f, 0x8b), ['is_gzip', 'the file is compressed with gzip', 'unpack it first']],
  [
    (b) => has(b, 'BZh', 0) || starts(b, 0xfd, 0x37, 0x7a, 0x58, 0x5a) || starts(b, 0x28, 0xb5, 0x2f, 0xfd),
    ['is_compressed', 'the file is compressed with bzip2, xz or zstd', 'unpack it first'],
  ],
  [(b) => has(b, 'ustar', 257), ['is_tar', 'the file is a tar archive', 'unpack it first']],
  [
    (b) => (starts(b, 0x80) && (b[1] ?? 9) <= 5) || starts(b, 0x78, 0x9c) || starts(b, 0x78, 0xda),
    [
      'is_pickle',
      'the file is a Python pickle (joblib writes them too), which can run any code when it is opened',
      'export with skl2onnx, onnxmltools or torch.onnx.export',
    ],
  ],
  [(b) => starts(b, 0x89, 0x48, 0x44, 0x46), ['is_hdf5', 'the file is HDF5, as Keras writes it', exportHint]],
  // ONNX Runtime takes its own format by these bytes, wherever else the file would pass as protobuf.
  [(b) => has(b, 'ORTM', 4), ['is_ort_format', 'the file is in the .ort format of ONNX Runtime', exportHint]],
  [(b) => has(b, 'TFL3', 4), ['is_tflite', 'the file is a TensorFlow Lite model', 'convert it with tf2onnx']],
  [
    (b) => has(b, '\x7fELF', 0) || has(b, 'MZ', 0) || has(b, '#!', 0),
    ['is_executable', 'the file is a program', exportHint],
  ],
  [
    (b) => has(b, 'version https://git-lfs', 0),
    ['is_git_lfs_pointer', 'the file is a Git LFS pointer, not the model', 'run `git lfs pull` first'],
  ],
];

/** @throws KolateError KLT_MODEL_REJECTED when `bytes` begin as a file of a known other format */
export function refuseOtherFormats(bytes: Buffer): void {
  for (const [matches, rejection] of kinds) if (matches(bytes)) reject(...rejection);
}

/** Whether the first 512 bytes are printable, as those of JSON, XML and text dumps of models are. */
export const looksLikeText = (bytes: Buffer): boolean =>
  bytes
    .subarray(0, 512)
    .every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09);
