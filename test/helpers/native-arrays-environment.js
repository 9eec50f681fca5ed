// Jest runs each test file in a realm of its own, whose Float32Array is not the one that native addons make and check
// for: onnxruntime-node then refuses its own results ("data must be type of function Float32Array"). Jest shares
// Uint8Array and ArrayBuffer with the outer realm for this reason; this environment shares the other views as well.
const { TestEnvironment } = require('jest-environment-node');

const views = [
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'Int8Array',
  'Int16Array',
  'Int32Array',
  'Uint8ClampedArray',
  'Uint16Array',
  'Uint32Array',
];

module.exports = class NativeArraysEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    for (const name of views) if (globalThis[name]) this.global[name] = globalThis[name];
  }
};
