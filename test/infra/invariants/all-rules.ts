import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { awsServiceEnvs } from '../../../src/contracts/env/service-envs';
import { allRoutes } from '../../../src/contracts/http/all-routes';
import { topics } from '../../../src/contracts/topics';
import { alarmsLeadSomewhere } from './alarms-lead-somewhere';
import { containersConfined } from './containers-confined';
import { encryptedAtRest } from './encrypted-at-rest';
import { encryptedInTransit } from './encrypted-in-transit';
import { environmentsComplete } from './environments-complete';
import { keysLetServicesIn, logsEnd } from './logs-and-keys';
import { noSecrets } from './no-secrets';
import { noWildcards } from './no-wildcards';
import { nothingPublic } from './nothing-public';
import { routesServed } from './routes-served';
import type { Rule } from './rule';
import { statefulRetained } from './stateful-retained';
import { templateLimits } from './template-limits';
import { deadLettersKept, topicsComplete } from './topics-complete';

export const runbooks: ReadonlySet<string> = new Set(
  readdirSync(join(process.cwd(), 'docs/runbooks'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => file.replace(/\.md$/, '')),
);

/** What holds for every environment, in the order in which the list of the tests is read. */
export const allRules: readonly Rule[] = [
  encryptedAtRest,
  encryptedInTransit,
  nothingPublic,
  noWildcards,
  noSecrets,
  statefulRetained,
  logsEnd,
  keysLetServicesIn,
  alarmsLeadSomewhere(runbooks),
  topicsComplete(Object.values(topics)),
  deadLettersKept,
  containersConfined,
  environmentsComplete(awsServiceEnvs),
  routesServed(allRoutes),
  templateLimits,
];
