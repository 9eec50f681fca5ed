import { isUtf8 } from 'node:buffer';
import { bodyFault } from './tensor-fault';

type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;
/** As of Node 24 the reviver is told the source text of numbers, which the types do not know yet. */
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown;

/** Where a number may stand that JSON would round: sixteen digits, or an exponent. */
const mayRound = /\d{16}|\d[eE][+\d]/;

/**
 * The JSON of a request. With `exact`, whole numbers beyond 2^53 come as BigInt, with every digit; it costs several times as much
 * where there are any, so it is for models that take 64-bit integers.
 * @throws KolateError KLT_BODY_MALFORMED
 */
export function parseBody(bytes: Buffer, exact: boolean): unknown {
  if (!isUtf8(bytes)) throw bodyFault('', 'the JSON is not UTF-8');
  const text = bytes.toString('utf8');
  try {
    return exact && mayRound.test(text) ? parseWithSource(text, keepDigits) : (JSON.parse(text) as unknown);
  } catch (error) {
    const hint = /\b(NaN|Infinity)\b/.test(text)
      ? 'JSON has no NaN and no Infinity: send them as strings ("NaN"), or send the tensor as binary data'
      : undefined;
    throw bodyFault('', `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`, hint);
  }
}

function keepDigits(this: unknown, _key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value;
  return wholeNumber(source) ?? value;
}

const decimal = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** The most zeros that an exponent may stand for: no 64-bit integer has more digits. */
const maxDigits = 400;

/** The whole number that `source`, a JSON number, stands for, whatever its notation; undefined when it is not one. */
export function wholeNumber(source: string): bigint | undefined {
  const [, sign, whole = '', fraction = '', exponent = '0'] = decimal.exec(source) ?? [];
  const zeros = Number(exponent) - fraction.length;
  if (whole === '' || Math.abs(zeros) > maxDigits) return undefined;
  const digits = BigInt(whole + fraction);
  const scale = 10n ** BigInt(Math.abs(zeros));
  if (zeros < 0 && digits % scale !== 0n) return undefined;
  const magnitude = zeros < 0 ? digits / scale : digits * scale;
  return sign === '-' ? -magnitude : magnitude;
}
