import { Type } from '@sinclair/typebox';
import { KolateError } from '../../../src/contracts/errors';
import { readEnv } from '../../../src/platform/config/read-env';

const Env = Type.Object({
  KOLATE_PORT: Type.Integer({ minimum: 1 }),
  KOLATE_LEVEL: Type.String({ default: 'info' }),
  KOLATE_TOKEN: Type.String({ minLength: 16 }),
});

describe('the environment', () => {
  it('is coerced, filled with defaults, and cut down to what the contract names', () => {
    expect(readEnv(Env, { KOLATE_PORT: '8080', KOLATE_TOKEN: '0123456789abcdef', HOME: '/home/x' })).toEqual({
      KOLATE_PORT: 8080,
      KOLATE_LEVEL: 'info',
      KOLATE_TOKEN: '0123456789abcdef',
    });
  });

  it('is refused with every variable at fault and none of its values', () => {
    const read = () => readEnv(Env, { KOLATE_PORT: 'http', KOLATE_TOKEN: 'hunter2' });
    expect(read).toThrow(KolateError);
    expect(read).toThrow(/KOLATE_PORT must be integer; KOLATE_TOKEN must NOT have fewer than 16 characters/);
    expect(read).not.toThrow(/hunter2/);
  });

  it('takes an empty variable for an absent one', () => {
    expect(() => readEnv(Env, { KOLATE_PORT: '', KOLATE_TOKEN: '0123456789abcdef' })).toThrow(/KOLATE_PORT is missing/);
  });
});
