import { type Cli, repeatMainJob } from '../../../cli/main-job';
import { mainJobDone } from '../../../src/contracts/main-job';
import { createMainJob } from '../../../src/handlers/main-job/main-job';

const answers = {
  'tenant show': { state: 'active' },
  predict: { outputs: [{}], parameters: { prediction_id: 'p2' } },
  'predictions list': { items: [{ id: 'p2' }, { id: 'p1' }] },
};
const commands = [
  'tenant show',
  'tenant create',
  'tenant use',
  'tenant rotate-secret',
  'model push',
  'predictions list',
];
const refused = (code: string) => new Error(JSON.stringify({ code }));
const job = { tenant: 'main-job', tier: 'dedicated', model: 'iris.onnx' };

function fakeCli(answered: Readonly<Record<string, unknown>>) {
  const called: string[] = [];
  const cli: Cli = async (args) => {
    const command = commands.find((one) => args.join(' ').includes(one)) ?? 'predict';
    called.push(command);
    const answer = answered[command];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { cli, called };
}
async function repeat(answered: Readonly<Record<string, unknown>>) {
  const { cli, called } = fakeCli(answered);
  const until = async (holds: () => Promise<boolean>) => {
    if (!(await holds())) throw new Error('not in time');
  };
  const ended = await repeatMainJob(cli, { ...job, until }, () => undefined).then(
    () => 'done',
    (error: Error) => error.message,
  );
  return { called, ended };
}

describe('the main job of a tenant that stays', () => {
  it('uploads, asks and finds as the tenant that is there', async () => {
    expect(await repeat(answers)).toEqual({
      called: ['tenant show', 'tenant use', 'model push', 'predict', 'predictions list'],
      ended: 'done',
    });
  });

  it('has the tenant onboarded at the first time, and fails until it is', async () => {
    const first = await repeat({ ...answers, 'tenant show': refused('KLT_TENANT_NOT_FOUND') });
    expect(first).toEqual({
      called: ['tenant show', 'tenant create'],
      ended: 'find the tenant: it is being onboarded',
    });
    const second = await repeat({ ...answers, 'tenant show': { state: 'provisioning' } });
    expect(second).toEqual({ called: ['tenant show'], ended: 'find the tenant: it is provisioning' });
  });

  it('makes no tenant where the platform does not answer', async () => {
    const { called } = await repeat({ ...answers, 'tenant show': refused('KLT_DEPENDENCY_UNAVAILABLE') });
    expect(called).toEqual(['tenant show']);
  });

  it('has the secret replaced when a former process has taken it', async () => {
    const { called, ended } = await repeat({ ...answers, 'tenant use': refused('KLT_SECRET_ALREADY_SHOWN') });
    expect(called.slice(0, 3)).toEqual(['tenant show', 'tenant use', 'tenant rotate-secret']);
    expect(ended).toBe('done');
  });
});

describe('the function that does it', () => {
  const run = async (answered: Readonly<Record<string, unknown>>) => {
    const { cli, called } = fakeCli(answered);
    const lines: string[] = [];
    let time = 0;
    await createMainJob({
      ...{ cli, job, say: (line) => lines.push(line) },
      pause: async (ms) => {
        time += ms;
      },
      now: () => time,
    })();
    return { lines, called };
  };

  it('says that the job is done, in the words that its alarm counts', async () => {
    expect((await run(answers)).lines).toEqual([expect.stringMatching(`^${mainJobDone}, as main-job`)]);
  });

  it('says what could not be done and does not fail itself, so that nothing is tried again behind its back', async () => {
    const { lines } = await run({ ...answers, 'model push': new Error('no room') });
    expect(lines).toEqual(['it could not be done: upload a model: no room']);
  });

  it('waits for the record as long as it may, and no longer', async () => {
    const { lines, called } = await run({ ...answers, 'predictions list': { items: [] } });
    expect(lines).toEqual(['it could not be done: find the prediction on record: not within 30 s']);
    expect(called.length).toBeLessThan(50);
  });
});
