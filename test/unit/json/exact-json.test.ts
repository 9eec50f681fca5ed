import { keepExact, parseExact, stringifyExact } from '../../../src/platform/json/exact-json';

it('carries 64-bit integers through unchanged', () => {
  const text = '{"data":[9223372036854775807,-9007199254740993,1,2.5,1e300]}';
  expect(stringifyExact(parseExact(text))).toBe('{"data":[9223372036854775807,-9007199254740993,1,2.5,1e+300]}');
});

it('writes large integers and infinities again as they were written', () => {
  const text = '{"data":[9223372036854775807,-9007199254740993,1e999,-1e999,1,2.5]}';
  expect(JSON.stringify(keepExact(text))).toBe(text);
});
