import { parseExact, stringifyExact } from '../../../cli/exact-json';

it('carries 64-bit integers through unchanged', () => {
  const text = '{"data":[9223372036854775807,-9007199254740993,1,2.5,1e300]}';
  expect(stringifyExact(parseExact(text))).toBe('{"data":[9223372036854775807,-9007199254740993,1,2.5,1e+300]}');
});
