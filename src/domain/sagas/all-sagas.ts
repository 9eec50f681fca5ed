import { type EventContract, event } from '../../contracts/events/event';
import { StepCommand } from '../../contracts/events/saga-messages';
import { topics } from '../../contracts/topics';
import type { SagaDefinition } from './saga';
import { tenantOffboarding } from './tenant-offboarding';
import { tenantOnboarding } from './tenant-onboarding';
import { tenantTierChange } from './tenant-tier-change';

const definitions = [tenantOnboarding, tenantOffboarding, tenantTierChange] as const;

/** Every command that a saga sends: whoever serves them has a handler for each. */
export type StepCommandName = NonNullable<(typeof definitions)[number]['steps'][number]['command' | 'undo']>;

export const sagas: ReadonlyMap<string, SagaDefinition> = new Map(definitions.map((each) => [each.name, each]));

const contract = (name: StepCommandName): EventContract<typeof StepCommand> =>
  event(name, topics.commandEnterpriseInfo, StepCommand);

const names = new Set(
  definitions.flatMap(({ steps }) => steps.flatMap(({ command, undo }) => (undo ? [command, undo] : [command]))),
);

/** The contracts of the commands, by name. */
export const stepCommands: ReadonlyMap<StepCommandName, EventContract<typeof StepCommand>> = new Map(
  [...names].map((name) => [name, contract(name)]),
);
