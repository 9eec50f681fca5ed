import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ECSClient } from '@aws-sdk/client-ecs';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { createRunMigrations } from '../../../src/handlers/run-migrations/run-migrations';

const taskArn = 'arn:aws:ecs:us-east-1:111111111111:task/migrations/1';
const properties = {
  ServiceToken: 'arn',
  Cluster: 'migrations',
  TaskDefinition: 'migrations:7',
  Container: 'app',
  Subnets: 'subnet-1,subnet-2',
  SecurityGroups: 'sg-1',
};
type Calls = { action: string; body: Record<string, unknown> }[];

let server: Server;
let origin: string;
let calls: Calls = [];
let answers: Record<string, unknown>[] = [];
/** What ECS says of the task, from the first look on; the last one stays. */
let looks: object[] = [];
let started: object;

const bodyOf = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
};

/** ECS, by its protocol, and the address at which CloudFormation waits for the answer. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  if (request.method === 'PUT') {
    answers.push(body);
    response.end();
    return;
  }
  const action = String(request.headers['x-amz-target']).split('.')[1] ?? '';
  calls.push({ action, body });
  const look = (): unknown => (looks.length > 1 ? looks.shift() : looks[0]);
  const results: Record<string, () => unknown> = {
    RunTask: () => started,
    DescribeTasks: () => ({ tasks: [look()].filter(Boolean) }),
    StopTask: () => ({}),
  };
  response.setHeader('content-type', 'application/x-amz-json-1.1');
  response.end(JSON.stringify(results[action]?.()));
}

beforeAll(async () => {
  server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  [calls, answers, looks] = [[], [], []];
  started = { tasks: [{ taskArn }] };
});

const stopped = (exitCode: number | undefined, more = {}) => ({
  taskArn,
  lastStatus: 'STOPPED',
  containers: [{ name: 'app', exitCode, ...more }],
});

async function ask(RequestType: 'Create' | 'Update' | 'Delete', remainingMs: () => number = () => 900_000) {
  const credentials = { accessKeyId: 'a', secretAccessKey: 's' };
  const ecs = new ECSClient({ region: 'us-east-1', endpoint: origin, credentials, maxAttempts: 1 });
  const event = {
    RequestType,
    RequestId: '4e0f2a3c-6d52-4c1e-9d3e-0f6a1b2c3d4e',
    ResponseURL: `${origin}/answer?signed=1`,
    StackId: 'stack',
    LogicalResourceId: 'MigrationsRun',
    ResourceType: 'Custom::Migrations',
    ServiceToken: 'arn',
    ResourceProperties: properties,
  };
  await createRunMigrations({ ecs, pollMs: 1 })(event as CloudFormationCustomResourceEvent, {
    getRemainingTimeInMillis: remainingMs,
  });
  return answers.at(-1);
}

it('answers when the task has ended well, and not before', async () => {
  looks = [{ taskArn, lastStatus: 'PROVISIONING' }, { taskArn, lastStatus: 'RUNNING' }, stopped(0)];
  expect(await ask('Create')).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'MigrationsRun' });
  expect(answers).toHaveLength(1);
  expect(calls.map(({ action }) => action)).toEqual(['RunTask', ...Array(3).fill('DescribeTasks')]);
  expect(calls[0]?.body).toMatchObject({
    cluster: 'migrations',
    taskDefinition: 'migrations:7',
    launchType: 'FARGATE',
    networkConfiguration: {
      awsvpcConfiguration: {
        subnets: ['subnet-1', 'subnet-2'],
        securityGroups: ['sg-1'],
        assignPublicIp: 'DISABLED',
      },
    },
  });
});

it('waits for a task that ECS does not know of yet', async () => {
  started = { tasks: [{ taskArn }] };
  looks = [{ taskArn: undefined, lastStatus: undefined }, stopped(0)];
  expect(await ask('Update')).toMatchObject({ Status: 'SUCCESS' });
});

it('starts nothing new when Lambda runs it again for the same request', async () => {
  looks = [stopped(0)];
  await ask('Update');
  await ask('Update');
  const [one, two] = calls.filter(({ action }) => action === 'RunTask');
  expect(one?.body.clientToken).toBe('4e0f2a3c-6d52-4c1e-9d3e-0f6a1b2c3d4e');
  expect(two?.body.clientToken).toBe(one?.body.clientToken);
});

it.each([
  ['its program failed', stopped(1), /exit code 1/],
  ['its image was not to be had', stopped(undefined, { reason: 'CannotPullContainerError' }), /CannotPullContainer/],
])('makes the deployment fail when %s', async (_what, look, reason) => {
  looks = [look];
  expect(await ask('Update')).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(reason) });
});

it('makes the deployment fail when ECS has no room for the task', async () => {
  started = { tasks: [], failures: [{ reason: 'RESOURCE:FARGATE' }] };
  expect(await ask('Create')).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('RESOURCE:FARGATE') });
});

it('stops a task that takes longer than it has time to wait, and says so', async () => {
  looks = [{ taskArn, lastStatus: 'RUNNING' }];
  let left = 20_003;
  expect(await ask('Update', () => left--)).toMatchObject({
    Status: 'FAILED',
    Reason: expect.stringContaining('took too long'),
  });
  expect(calls.at(-1)).toMatchObject({ action: 'StopTask', body: { task: taskArn } });
});

it('undoes nothing when it is deleted', async () => {
  expect(await ask('Delete')).toMatchObject({ Status: 'SUCCESS' });
  expect(calls).toEqual([]);
});
