import { enter, next, text, type WireCursor, wireTypes } from '../wire/wire-cursor';
import { reject } from './rejection';

/** A graph's input or output. `onnxType` and `shape` are those of a tensor; `kind` tells what else it may be. */
export type ValueReading = {
  readonly name: string;
  readonly kind: 'tensor' | 'sequence' | 'map' | 'optional' | 'other';
  readonly onnxType: number;
  /** -1 where any size will do; undefined when the file declares no shape, so that any rank will do. */
  readonly shape: readonly number[] | undefined;
};

const maxRank = 64;
const kinds = new Map<number, ValueReading['kind']>([
  [1, 'tensor'],
  [4, 'sequence'],
  [5, 'map'],
  [9, 'optional'],
]);

type TypeReading = Omit<ValueReading, 'name'>;
const noType: TypeReading = { kind: 'other', onnxType: 0, shape: undefined };

export function readValueInfo(cursor: WireCursor): ValueReading {
  let name = '';
  let type = noType;
  while (next(cursor)) {
    if (cursor.wire !== wireTypes.bytes) continue;
    if (cursor.field === 1) name = text(cursor);
    else if (cursor.field === 2) type = readType(enter(cursor));
  }
  return { name, ...type };
}

/** The outermost kind of a TypeProto. What a sequence or map is of does not matter: neither can be served. */
function readType(cursor: WireCursor): TypeReading {
  let type = noType;
  while (next(cursor)) {
    if (cursor.wire !== wireTypes.bytes || cursor.field === 6) continue;
    const kind = kinds.get(cursor.field) ?? 'other';
    type = kind === 'tensor' ? readTensorType(enter(cursor)) : { ...noType, kind };
  }
  return type;
}

function readTensorType(cursor: WireCursor): TypeReading {
  let onnxType = 0;
  let shape: number[] | undefined;
  while (next(cursor)) {
    if (cursor.field === 1 && cursor.wire === wireTypes.varint) onnxType = cursor.value;
    else if (cursor.field === 2 && cursor.wire === wireTypes.bytes) shape = readShape(enter(cursor));
  }
  return { kind: 'tensor', onnxType, shape };
}

function readShape(cursor: WireCursor): number[] {
  const shape: number[] = [];
  while (next(cursor)) {
    if (cursor.field !== 1 || cursor.wire !== wireTypes.bytes) continue;
    if (shape.length === maxRank) reject('too_complex', `a shape of more than ${maxRank} dimensions`);
    shape.push(readDimension(enter(cursor)));
  }
  return shape;
}

/** A dimension without a value, or with a name or a negative value, is open. */
function readDimension(cursor: WireCursor): number {
  let dimension = -1;
  while (next(cursor)) {
    if (cursor.field === 1 && cursor.wire === wireTypes.varint) dimension = Math.max(-1, cursor.value);
    else if (cursor.field === 2) dimension = -1;
  }
  return dimension;
}
