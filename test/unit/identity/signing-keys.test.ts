import fc from 'fast-check';
import {
  type KeyTimes,
  nextKeyEvent,
  pendingKey,
  publishedKeys,
  rotationIsDue,
  type SigningKey,
  signingKey,
} from '../../../local/issuer/signing-keys';

const times: KeyTimes = { leadMs: 1_000, tokenLifetimeMs: 10_000, rotateAfterMs: 100_000 };
const key = (kid: string, signsFrom: number): SigningKey => ({ jwk: { kid }, signsFrom });
const kids = (keys: readonly SigningKey[]) => keys.map(({ jwk }) => jwk.kid);

describe('signing keys', () => {
  const keys = [key('old', 0), key('new', 5_000)];

  it('sign with the old key until the time of the new one has come', () => {
    expect(signingKey(keys, 4_999).jwk.kid).toBe('old');
    expect(signingKey(keys, 5_000).jwk.kid).toBe('new');
    expect(pendingKey(keys, 4_999)?.jwk.kid).toBe('new');
  });

  it('publish the new key before it signs and the old one until its last token has expired', () => {
    expect(kids(publishedKeys(keys, 4_000, times))).toEqual(['old', 'new']);
    expect(kids(publishedKeys(keys, 14_999, times))).toEqual(['old', 'new']);
    expect(kids(publishedKeys(keys, 15_000, times))).toEqual(['new']);
  });

  it('are replaced at their age, unless another waits already', () => {
    expect(rotationIsDue([key('a', 0)], 99_999, times)).toBe(false);
    expect(rotationIsDue([key('a', 0)], 100_000, times)).toBe(true);
    expect(rotationIsDue([key('a', 0), key('b', 100_500)], 100_000, times)).toBe(false);
  });

  it('never let a key go while a token that it signed may be alive, however rotations fall', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 8 }),
        fc.nat(200_000),
        (gaps, at) => {
          const startOf = (index: number) => gaps.slice(0, index + 1).reduce((sum, gap) => sum + gap, 0);
          const all = [key('k0', 0), ...gaps.map((_gap, index) => key(`k${index + 1}`, startOf(index)))];
          const signer = signingKey(all, at);
          for (const later of [at, at + times.tokenLifetimeMs - 1]) {
            expect(kids(publishedKeys(all, later, times))).toContain(signer.jwk.kid);
          }
        },
      ),
    );
  });

  it('name a time to look again at which the set of keys or its signer changes', () => {
    expect(nextKeyEvent(keys, 4_000, times)).toBe(5_000);
    expect(nextKeyEvent(keys, 5_000, times)).toBe(10_000);
    expect(nextKeyEvent(keys, 14_000, times)).toBe(15_000);
  });
});
