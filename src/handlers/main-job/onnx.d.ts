/** Models are bundled as their bytes. */
declare module '*.onnx' {
  const bytes: Uint8Array;
  export default bytes;
}
