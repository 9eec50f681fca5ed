import type { Environment } from './environment';

/** In what order a pipeline deploys. */
export type Rollout = { readonly rehearsal: Environment; readonly waves: readonly Environment[] };

/** Stops where a pipeline would deploy to an account that is not its own. @throws Error with what, got, expected */
export function checkRollout({ name, account, delivery }: Environment, { rehearsal, waves }: Rollout): void {
  if (!delivery) return;
  for (const other of [rehearsal, ...waves]) {
    if (other.account === account) continue;
    throw new Error(
      `environment: account of ${other.name} is ${inWords(other)}; expected that of ${name}, ${inWords({ account })}, whose delivery deploys there too`,
    );
  }
}

const inWords = ({ account }: Pick<Environment, 'account'>): string =>
  account === undefined ? 'not filled in' : `"${account}"`;
