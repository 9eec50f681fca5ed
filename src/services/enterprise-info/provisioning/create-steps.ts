import { createDataSteps } from './data-steps';
import { createIdentitySteps, type IdentityStepDeps } from './identity-steps';
import { createProvisionSteps } from './provision-steps';
import type { Steps } from './step';
import type { StoresDeps } from './stores-deps';
import { createTenancySteps, type TenancyStepDeps } from './tenancy-steps';

export type StepsDeps = StoresDeps & IdentityStepDeps & TenancyStepDeps;

/** What each command of the sagas does. A command without a step does not compile. */
export const createSteps = (deps: StepsDeps): Steps => ({
  ...createTenancySteps(deps),
  ...createProvisionSteps(deps),
  ...createIdentitySteps(deps),
  ...createDataSteps(deps),
});
