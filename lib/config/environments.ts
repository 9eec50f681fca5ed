import { checkEnvironment } from './check-environment';
import { checkRollout, type Rollout } from './check-rollout';
import { checkPeers, checkTogether } from './check-together';
import { dev } from './dev';
import type { Environment } from './environment';
import { prod } from './prod';
import { prodStandby } from './prod-standby';

export const environments: readonly Environment[] = [dev, prod, prodStandby];

/** In what order a pipeline deploys: first where nobody is harmed, then where nobody is served yet, then the rest. */
export const rollout: Rollout = { rehearsal: dev, waves: [prodStandby, prod] };

/**
 * @param among those that there are: another list for tests
 * @throws Error naming the environments there are, or what is wrong with the one of that name
 */
export function environmentNamed(name: string, among = environments): Environment {
  checkTogether(among);
  const found = among.find((environment) => environment.name === name);
  if (!found) throw new Error(`environment: name is "${name}"; expected ${among.map((e) => e.name).join(' or ')}`);
  checkEnvironment(found);
  checkPeers(found, among);
  checkRollout(found, rollout);
  return found;
}
