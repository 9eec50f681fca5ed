import { awsUnreachable } from '../../../cli/cli-error';
import { type AwsAccount, checkAws } from '../../../cli/preflight/aws-checks';
import { quotaNeeds } from '../../../lib/config/quota-needs';
import { prod } from '../../helpers/neutral-environments';

const filledIn = {
  ...prod,
  account: '123456789012',
  domain: { name: 'kolate.acme.test', hostedZoneId: 'Z1' },
  edge: { ...prod.edge, originCertificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/x' },
  alarmEmails: ['on-call@acme.test'],
};
const ready: AwsAccount = {
  account: async () => '123456789012',
  bootstrapVersion: async () => 30,
  zoneName: async () => 'acme.test.',
  quota: async () => 1_000_000,
  ecsSetting: async () => 'enabled',
  hasRole: async () => true,
};
const cell = { id: 'one', instanceType: 'r7g.2xlarge', volumeGib: 1_000, volumeIops: 6_000 };
const failing = async (environment: typeof filledIn, change: Partial<AwsAccount>) =>
  (await checkAws(environment, { ...ready, ...change })).filter(({ state }) => state !== 'ok');

describe('the check of an account before a deployment', () => {
  it('finds nothing in an account that is ready', async () => {
    expect(await failing(filledIn, {})).toEqual([]);
  });

  it('tells credentials of another account', async () => {
    expect(await failing(filledIn, { account: async () => '999999999999' })).toMatchObject([
      { check: 'credentials', state: 'failed', got: '999999999999', needed: '123456789012' },
    ]);
  });

  it.each([
    ['Could not load credentials from any providers', 'AWS_PROFILE'],
    ['Region is missing', 'AWS_REGION'],
    ['The SSO session associated with this profile has expired', 'aws sso login'],
  ])('says in one line what to do where the SDK says: %s', (message, todo) => {
    const { problem } = awsUnreachable(message);
    expect(problem).toMatchObject({ detail: expect.stringContaining(todo) });
    expect(problem).not.toHaveProperty('hint');
  });

  it('names the command that bootstraps each region, that of the peer as well', async () => {
    const found = await failing(filledIn, { bootstrapVersion: async () => undefined });
    expect(found.map(({ hint }) => hint)).toEqual(
      ['us-east-1', 'us-west-2'].map((region) => `npx cdk bootstrap aws://123456789012/${region}`),
    );
  });

  it('names the command that makes a role of AWS that is not there yet, that of search where it is on', async () => {
    const hasRole = async () => false;
    const command = (service: string) =>
      `aws iam create-service-linked-role --aws-service-name ${service}.amazonaws.com`;
    const hints = async (search: boolean) =>
      (await failing({ ...filledIn, features: { ...prod.features, search } }, { hasRole })).map(({ hint }) => hint);
    expect(await hints(false)).toEqual([command('autoscaling')]);
    expect(await hints(true)).toEqual([command('autoscaling'), command('opensearchservice')]);
  });

  it('tells a zone that is not of the domain', async () => {
    expect(await failing(filledIn, { zoneName: async () => 'other.test.' })).toMatchObject([{ check: 'hosted zone' }]);
  });

  it('names the quota that is too low, what takes it, and how to raise it', async () => {
    const quota = async (_service: string, code: string) => (code === 'L-0263D0A3' ? 2 : 1_000_000);
    expect(await failing(filledIn, { quota })).toEqual([
      expect.objectContaining({
        check: 'Elastic IP addresses',
        got: '2',
        needed: '>= 3 (one for each NAT gateway)',
        hint: expect.stringContaining('--quota-code L-0263D0A3 --desired-value 3'),
      }),
    ]);
  });

  it('counts the hosts, volumes and stacks of shared cells beside those of a first tenant', () => {
    const cell = { volumeGib: 1_000, volumeIops: 6_000 };
    const sharedCells = [
      { ...cell, id: 'a', instanceType: 'r7g.2xlarge' },
      { ...cell, id: 'b', instanceType: 'm7g.large' },
    ];
    const needs = (environment: typeof prod) =>
      Object.fromEntries(quotaNeeds(environment).map(({ code, needed }) => [code, needed]));
    const [vcpus, tib, stacks] = ['L-1216C47A', 'L-7A658B76', 'L-0485CB21'] as const;
    expect(needs(prod)).toMatchObject({ [vcpus]: 6, [tib]: 1, [stacks]: 100 });
    // Three hosts a cell: 3 × (8 + 2) vCPUs, 6 × 1,000 GiB; and three of the first tenant: 3 × 2, 3 × 40.
    expect(needs({ ...prod, sharedCells })).toMatchObject({ [vcpus]: 36, [tib]: 6, [stacks]: 102 });
  });

  it.each(['disabled', undefined])('asks for interfaces for tasks, where shared cells need them: %s', async (value) => {
    const ecsSetting = async () => value;
    expect(await failing({ ...filledIn, sharedCells: [] }, { ecsSetting })).toEqual([]);
    expect(await failing({ ...filledIn, sharedCells: [cell] }, { ecsSetting })).toEqual([
      {
        ...{ check: 'interfaces for tasks', state: 'failed', got: value ?? 'not told' },
        needed: 'enabled (tenants of shared cells)',
        hint: 'aws ecs put-account-setting-default --name awsvpcTrunking --value enabled --region us-east-1',
      },
    ]);
    expect(await failing({ ...filledIn, sharedCells: [cell] }, {})).toEqual([]);
  });

  it('does not take a quota that AWS does not tell for enough', async () => {
    const found = await failing(filledIn, { quota: async () => undefined });
    expect(found.map(({ state }) => state)).toEqual(quotaNeeds(prod).map(() => 'unknown'));
  });

  const { edge } = prod;
  const asItCame = {
    ...{ ...prod, account: undefined, edge: { ...edge, originCertificateArn: undefined } },
    domain: { name: 'kolate.example.com', hostedZoneId: undefined },
  };
  const notFilledIn = ['account', 'domain', 'origin certificate', 'alarms'];
  const noCredentials: AwsAccount = {
    ...ready,
    account: async () => {
      throw awsUnreachable('Could not load credentials from any providers');
    },
  };

  it('asks first for what a literal as it came in the repository still lacks, then tells the account that there is', async () => {
    const found = (await checkAws(asItCame, ready)).filter(({ state }) => state === 'failed');
    expect(found.map(({ check }) => check)).toEqual([...notFilledIn, 'credentials']);
    expect(found.at(-1)?.hint).toBe("set account to '123456789012' in lib/config/prod.ts");
    expect(await failing({ ...filledIn, alarmEmails: [] }, {})).toMatchObject([{ got: 'nobody is told' }]);
  });

  it('needs no credentials for that, and says what it has not looked at without', async () => {
    const found = (await checkAws(asItCame, noCredentials)).filter(({ state }) => state !== 'ok');
    expect(found.map(({ check, state }) => [check, state])).toEqual([
      ...notFilledIn.map((check) => [check, 'failed']),
      ['AWS', 'unknown'],
    ]);
    expect(found.at(-1)?.got).toContain('AWS_PROFILE');
  });

  it('fails without credentials where they are all that is missing', async () => {
    await expect(checkAws(filledIn, noCredentials)).rejects.toThrow(/AWS_PROFILE/);
  });
});
