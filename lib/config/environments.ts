import { checkEnvironment } from './check-environment';
import { checkRollout, type Rollout } from './check-rollout';
import { checkShape } from './check-shape';
import { dev } from './dev';
import type { Environment } from './environment';
import { prod } from './prod';
import { prodStandby } from './prod-standby';

export const environments: readonly Environment[] = [dev, prod, prodStandby];

/** In what order a pipeline deploys: first where nobody is harmed, then where nobody is served yet, then the rest. */
export const rollout: Rollout = { rehearsal: dev, waves: [prodStandby, prod] };

/** @throws Error naming the environments there are, or what is wrong with the one of that name */
export function environmentNamed(name: string): Environment {
  const found = environments.find((environment) => environment.name === name);
  if (found) {
    checkShape(found, dev);
    checkRollout(found, rollout);
    return checkEnvironment(found);
  }
  throw new Error(`environment: name is "${name}"; expected ${environments.map((e) => e.name).join(' or ')}`);
}
