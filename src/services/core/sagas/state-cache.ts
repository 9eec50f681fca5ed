import type { SagaState } from '../../../domain/sagas/saga-state';

const maxStates = 5_000;

/** The states of running sagas that this process wrote last. A stale one costs a conflict, never a wrong step. */
export function createStateCache() {
  const states = new Map<string, SagaState>();
  return {
    get: (id: string): SagaState | undefined => states.get(id),
    set(state: SagaState): void {
      states.delete(state.id);
      if (state.phase === 'over') return;
      // A Map keeps insertion order: the one that was quiet for longest goes.
      if (states.size >= maxStates) states.delete(states.keys().next().value as string);
      states.set(state.id, state);
    },
    delete: (id: string): void => void states.delete(id),
    clear: (): void => states.clear(),
  };
}
