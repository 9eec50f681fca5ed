import { randomUUID } from 'node:crypto';
import type { Logger } from '../../src/platform/logging/create-logger';
import type { IssuerState, StateStore } from './issuer-state';
import {
  generateSigningKey,
  type KeyTimes,
  nextKeyEvent,
  pendingKey,
  publishedKeys,
  rotationIsDue,
  type SigningKey,
  signingKey,
} from './signing-keys';

const minTimerMs = 50;
const maxTimerMs = 3_600_000;

type Parts = {
  readonly store: StateStore;
  readonly times: KeyTimes;
  readonly now: () => number;
  readonly log: Logger;
  /** Called after each look at the keys, whether or not they changed. */
  readonly onKeys: (published: readonly SigningKey['jwk'][]) => void;
};

/**
 * Looks after the signing keys: makes a new one where it is time, lets the old ones go when no token needs them, and
 * looks again whenever one has to begin, be replaced or leave.
 */
export function createKeyKeeper({ store, times, now, log, onKeys }: Parts) {
  let timer: NodeJS.Timeout | undefined;
  const tend = async (rotate: boolean): Promise<void> => {
    const { keys } = await store.change((state) => tendKeys(state, now(), times, rotate));
    onKeys(inSigningOrder(keys, now()));
    clearTimeout(timer);
    const waitMs = Math.min(maxTimerMs, Math.max(minTimerMs, nextKeyEvent(keys, now(), times) - now()));
    timer = setTimeout(() => {
      tend(false).catch((error: unknown) => log.error({ err: error }, 'the signing keys could not be tended'));
    }, waitMs).unref();
  };
  return {
    start: () => tend(false),
    /** Publishes a new key that signs once the lead is over; while one waits already, that one is answered. */
    async rotate(): Promise<{ kid: string; signsFrom: number }> {
      await tend(true);
      const { keys } = store.current();
      const next = pendingKey(keys, now()) ?? signingKey(keys, now());
      log.info(
        { kid: next.jwk.kid, signsFrom: new Date(next.signsFrom).toISOString() },
        'a new signing key is published',
      );
      return { kid: next.jwk.kid, signsFrom: next.signsFrom };
    },
    /** Which key signs at this moment. */
    signingKeyId: (): string => signingKey(store.current().keys, now()).jwk.kid,
    stop: (): void => clearTimeout(timer),
  };
}

function inSigningOrder(keys: readonly SigningKey[], now: number): SigningKey['jwk'][] {
  const current = signingKey(keys, now);
  return [current, ...keys.filter((key) => key !== current)].map(({ jwk }) => jwk);
}

async function tendKeys(state: IssuerState, now: number, times: KeyTimes, rotate: boolean): Promise<IssuerState> {
  const kept = publishedKeys(state.keys, now, times);
  const wanted = rotationIsDue(kept, now, times) || (rotate && !pendingKey(kept, now));
  if (!wanted) return kept.length === state.keys.length ? state : { ...state, keys: kept };
  const fresh = await generateSigningKey(now + times.leadMs, randomUUID());
  return { ...state, keys: [...kept, fresh] };
}
