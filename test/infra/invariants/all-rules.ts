import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environments } from '../../../lib/config/environments';
import { awsServiceEnvs } from '../../../src/contracts/env/service-envs';
import { allRoutes } from '../../../src/contracts/http/all-routes';
import { topics } from '../../../src/contracts/topics';
import { alarmsLeadSomewhere, topicsLetAlarmsIn } from './alarms-lead-somewhere';
import { containersConfined } from './containers-confined';
import { encryptedAtRest } from './encrypted-at-rest';
import { encryptedInTransit } from './encrypted-in-transit';
import { environmentsComplete } from './environments-complete';
import { keysLetServicesIn, logsEnd } from './logs-and-keys';
import { accountsIn, noSecrets } from './no-secrets';
import { noWildcards } from './no-wildcards';
import { nothingPublic } from './nothing-public';
import { routesServed } from './routes-served';
import type { Rule } from './rule';
import { statefulRetained } from './stateful-retained';
import { templateLimits } from './template-limits';
import { deadLettersKept, topicsComplete } from './topics-complete';

const readAll = (folder: string, ending: string): { file: string; text: string }[] =>
  readdirSync(join(process.cwd(), folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => ({ file, text: readFileSync(join(process.cwd(), folder, file), 'utf8') }));

const pages = readAll('docs/runbooks', '.md').map(({ file, text }) => ({ name: file.replace(/\.md$/, ''), text }));
export const runbooks: ReadonlySet<string> = new Set(pages.map(({ name }) => name));

/** Those that say of themselves that no alarm leads to them: what is done by the calendar, or by hand. */
export const runbooksWithoutAlarm: ReadonlySet<string> = new Set(
  pages.filter(({ text }) => /^No alarm: /m.test(text)).map(({ name }) => name),
);

/** Runbooks that constructs name, also those behind a switch that no environment has on. */
export const runbooksOfConstructs: ReadonlySet<string> = new Set(
  readAll('lib', '.ts').flatMap(({ text }) =>
    [...text.matchAll(/runbook: '([a-z0-9-]+)'|Runbook: docs\/runbooks\/([a-z0-9-]+)\.md/g)].map(
      ([, name, path]) => name ?? path!,
    ),
  ),
);

/** What holds for every environment, in the order in which the list of the tests is read. */
export const allRules: readonly Rule[] = [
  encryptedAtRest,
  encryptedInTransit,
  nothingPublic,
  noWildcards,
  noSecrets(accountsIn(environments)),
  statefulRetained,
  logsEnd,
  keysLetServicesIn,
  alarmsLeadSomewhere(runbooks),
  topicsLetAlarmsIn,
  topicsComplete(Object.values(topics)),
  deadLettersKept,
  containersConfined,
  environmentsComplete(awsServiceEnvs),
  routesServed(allRoutes),
  templateLimits,
];
