/** Runs the command line with these arguments; answers the document that it printed. @throws when it failed */
export type Cli = (args: readonly string[], input?: string) => Promise<unknown>;

export type MainJob = { readonly tenant: string; readonly until: (holds: () => Promise<boolean>) => Promise<void> };

const sample = [[5.1, 3.5, 1.4, 0.2]];

/**
 * The job that the platform is there for, as a user would do it: a tenant is onboarded, it uploads a model, asks it, finds
 * the prediction on record, and is offboarded whatever became of it.
 * @throws Error with the step that failed
 */
export async function doMainJob(cli: Cli, { tenant, until }: MainJob, say: (line: string) => void): Promise<void> {
  const step = async <T>(what: string, act: () => Promise<T>): Promise<T> => {
    say(what);
    try {
      return await act();
    } catch (error) {
      throw new Error(`${what}: ${error instanceof Error ? error.message : error}`);
    }
  };
  const asTenant = (...args: string[]) => ['--tenant', tenant, ...args];
  const act = async () => {
    await step('onboard a tenant', () =>
      cli(['tenant', 'create', tenant, '--contact', 'on-call@example.com', '--wait']),
    );
    const push = ['model', 'push', 'models/samples/iris-classifier.onnx', '--name', 'iris', '--alias', 'default'];
    await step('upload a model', () => cli(asTenant(...push, '--wait')));
    const predict = asTenant('predict', '--model', 'iris', '--data', '-');
    const answer = await step('ask the model', () => cli(predict, JSON.stringify(sample)));
    if (listIn(answer, 'outputs').length === 0)
      throw new Error(`ask the model: no outputs in ${JSON.stringify(answer)}`);
    const list = asTenant('predictions', 'list', '--model', 'iris');
    await step('find the prediction on record', () => until(async () => listIn(await cli(list), 'items').length > 0));
  };
  const leave = () => step('offboard the tenant', () => cli(['tenant', 'delete', tenant, '--yes', '--wait']));
  try {
    await act();
  } catch (error) {
    // What went wrong first is what to look at.
    await leave().catch(({ message }: Error) => say(message));
    throw error;
  }
  await leave();
}

function listIn(document: unknown, name: string): unknown[] {
  const found: unknown = document !== null && typeof document === 'object' ? Reflect.get(document, name) : undefined;
  return Array.isArray(found) ? found : [];
}
