/** Runs the command line with these arguments; answers the document that it printed. @throws when it failed, with what it printed */
export type Cli = (args: readonly string[], input?: string) => Promise<unknown>;

export type MainJob = {
  /** Slug. */
  readonly tenant: string;
  readonly tier: string;
  /** File of the sample model. */
  readonly model: string;
  readonly until: (holds: () => Promise<boolean>) => Promise<void>;
};

type Say = (line: string) => void;

const sample = [[5.1, 3.5, 1.4, 0.2]];
/** A stack of a tenant's own takes minutes. */
const onboardSeconds = 1_800;

/**
 * The job that the platform is there for, as a user would do it: a tenant is onboarded, it uploads a model, asks it, finds
 * the prediction on record, and is offboarded whatever became of it.
 * @throws Error with the step that failed
 */
export async function doMainJob(cli: Cli, job: MainJob, say: Say): Promise<void> {
  const { tenant, tier } = job;
  const step = stepper(say);
  const wait = ['--wait', '--timeout', String(onboardSeconds)];
  const leave = () => step('offboard the tenant', () => cli(['tenant', 'delete', tenant, '--yes', ...wait]));
  // Where nobody answers there is nobody to offboard from either.
  await step('reach the platform', () => cli(['tenant', 'list']));
  try {
    await step('onboard a tenant', () => cli([...create(tenant, tier), ...wait]));
    await uploadAskAndFind(cli, job, say);
  } catch (error) {
    // What went wrong first is what to look at.
    await leave().catch(({ message }: Error) => say(message));
    throw error;
  }
  await leave();
}

/**
 * The same for a tenant that stays: onboarded at the first time, which fails as long as that takes.
 * @throws Error with the step that failed
 */
export async function repeatMainJob(cli: Cli, job: MainJob, say: Say): Promise<void> {
  const { tenant, tier } = job;
  const step = stepper(say);
  await step('find the tenant', async () => {
    const found = await cli(['tenant', 'show', tenant]).catch(async (error: unknown) => {
      if (!says(error, 'KLT_TENANT_NOT_FOUND')) throw error;
      await cli(create(tenant, tier));
    });
    const state = memberOf(found, 'state') ?? 'being onboarded';
    if (state !== 'active') throw new Error(`it is ${state}`);
  });
  await step('learn its credentials', () =>
    cli(['tenant', 'use', tenant]).catch((error: unknown) => {
      // Who learned it before has forgotten it: the secret is shown once.
      if (!says(error, 'KLT_SECRET_ALREADY_SHOWN')) throw error;
      return cli(['tenant', 'rotate-secret', tenant]);
    }),
  );
  await uploadAskAndFind(cli, job, say);
}

const create = (tenant: string, tier: string) => [
  ...['tenant', 'create', tenant, '--tier', tier],
  ...['--contact', 'on-call@example.com'],
];

async function uploadAskAndFind(cli: Cli, { tenant, model, until }: MainJob, say: Say): Promise<void> {
  const step = stepper(say);
  const asTenant = (...args: string[]) => ['--tenant', tenant, ...args];
  // Where this version is there with the same bytes, it is taken as it is.
  const push = ['model', 'push', model, '--name', 'iris', '--version', '1', '--alias', 'default', '--wait'];
  await step('upload a model', () => cli(asTenant(...push)));
  const id = await step('ask the model', async () => {
    const answer = await cli(asTenant('predict', '--model', 'iris', '--data', '-'), JSON.stringify(sample));
    if (listIn(answer, 'outputs').length === 0) throw new Error(`no outputs in ${JSON.stringify(answer)}`);
    return memberOf(memberOf(answer, 'parameters'), 'prediction_id');
  });
  // Newest first.
  const list = asTenant('predictions', 'list', '--model', 'iris');
  const isThere = async () => listIn(await cli(list), 'items').some((item) => memberOf(item, 'id') === id);
  await step('find the prediction on record', () => until(isThere));
}

const stepper =
  (say: Say) =>
  async <T>(what: string, act: () => Promise<T>): Promise<T> => {
    say(what);
    try {
      return await act();
    } catch (error) {
      throw new Error(`${what}: ${error instanceof Error ? error.message : error}`);
    }
  };

const says = (error: unknown, code: string): boolean => error instanceof Error && error.message.includes(code);

const memberOf = (document: unknown, name: string): unknown =>
  document !== null && typeof document === 'object' ? Reflect.get(document, name) : undefined;

function listIn(document: unknown, name: string): unknown[] {
  const found = memberOf(document, name);
  return Array.isArray(found) ? found : [];
}
