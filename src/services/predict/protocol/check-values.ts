import type { Tensor } from '../inference/tensors';
import { quoted, tensorFault } from './tensor-fault';

/** Whether a half float, by its bits, is not a number. */
const isHalfNaN = (bits: number): boolean => (bits & 0x7c00) === 0x7c00 && (bits & 0x03ff) !== 0;

/** @throws KolateError KLT_TENSOR_INVALID naming the first element of a float tensor that is not a number */
export function refuseNaN({ name, datatype, data }: Tensor, pointer: string): void {
  if (Array.isArray(data) || !datatype.startsWith('FP')) return;
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]);
    if (datatype === 'FP16' ? isHalfNaN(value) : Number.isNaN(value)) {
      const detail = `input ${quoted(name)} has NaN at element ${i}, which the settings of this model refuse`;
      throw tensorFault(`${pointer}/data/${i}`, detail);
    }
  }
}

/**
 * @throws KolateError KLT_TENSOR_INVALID for text that the runtime would change silently: it ends strings at a NUL, and replaces
 * halves of surrogate pairs
 */
export function checkText(name: string, text: string, index: number, pointer: string): void {
  if (text.includes('\0')) {
    const detail = `input ${quoted(name)} has a NUL character in element ${index}, which models cannot be given`;
    throw tensorFault(`${pointer}/data/${index}`, detail);
  }
  if (!text.isWellFormed()) {
    const detail = `input ${quoted(name)} has half of a surrogate pair in element ${index}, which is not text`;
    throw tensorFault(`${pointer}/data/${index}`, detail);
  }
}
