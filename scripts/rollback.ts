import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  CodePipelineClient,
  ListPipelineExecutionsCommand,
  RollbackStageCommand,
  StopPipelineExecutionCommand,
} from '@aws-sdk/client-codepipeline';
import { pipelineOutput } from '../lib/config/delivery-names';
import { environments } from '../lib/config/environments';
import { anyEnvironment, namedEnvironment } from './command/named-environment';
import { runScript } from './command/run-script';
import { rollbackTarget, type StageExecution } from './delivery/rollback-target';

const usage = `npm run rollback -- --env ${anyEnvironment} [--dry-run]
Deploys to that environment what the pipeline had deployed there before the last time. Schema migrations stay: they only
expand what the older version knows.
  --dry-run  says what it would deploy, and changes nothing
Example: npm run rollback -- --env prod --dry-run`;

const options = { env: { type: 'string' }, 'dry-run': { type: 'boolean', default: false } } as const;

async function findPipeline(): Promise<{ client: CodePipelineClient; pipelineName: string }> {
  const home = environments.find(({ delivery }) => delivery !== undefined);
  if (!home)
    throw new Error('no environment has a delivery; deploy the commit before by hand: docs/deploy.md, Rollback');
  const cloudformation = new CloudFormationClient({ region: home.region });
  const { Stacks: [stack] = [] } = await cloudformation.send(
    new DescribeStacksCommand({ StackName: `kolate-${home.name}-delivery` }),
  );
  const pipelineName = stack?.Outputs?.find(({ OutputKey }) => OutputKey === pipelineOutput)?.OutputValue;
  if (pipelineName === undefined) throw new Error(`kolate-${home.name}-delivery has no output ${pipelineOutput}`);
  return { client: new CodePipelineClient({ region: home.region }), pipelineName };
}

async function throughStage(
  client: CodePipelineClient,
  pipelineName: string,
  stageName: string,
): Promise<StageExecution[]> {
  const filter = { succeededInStage: { stageName } };
  const { pipelineExecutionSummaries = [] } = await client.send(
    new ListPipelineExecutionsCommand({ pipelineName, filter, maxResults: 100 }),
  );
  return pipelineExecutionSummaries.map(({ pipelineExecutionId = '', startTime, rollbackMetadata }) => ({
    id: pipelineExecutionId,
    rolledBackTo: rollbackMetadata?.rollbackTargetPipelineExecutionId,
    startedAt: startTime ?? new Date(0),
  }));
}

/** What is still on its way would deploy over it. */
async function stopRunning(client: CodePipelineClient, pipelineName: string): Promise<void> {
  const { pipelineExecutionSummaries = [] } = await client.send(new ListPipelineExecutionsCommand({ pipelineName }));
  for (const { pipelineExecutionId, status } of pipelineExecutionSummaries) {
    if (status !== 'InProgress' || pipelineExecutionId === undefined) continue;
    const reason = 'rolled back by hand';
    await client.send(new StopPipelineExecutionCommand({ pipelineName, pipelineExecutionId, reason, abandon: false }));
    console.log(`stopped execution ${pipelineExecutionId}, which was under way`);
  }
}

runScript({ usage, options }, async (values) => {
  const stageName = namedEnvironment(values.env);
  const { client, pipelineName } = await findPipeline();
  const target = rollbackTarget(await throughStage(client, pipelineName, stageName));
  if (!target) throw new Error(`${pipelineName} has deployed nothing older to ${stageName}`);
  console.log(`${stageName} goes back to execution ${target.id} of ${target.startedAt.toISOString()}`);
  if (values['dry-run']) return 0;
  await stopRunning(client, pipelineName);
  const { pipelineExecutionId } = await client.send(
    new RollbackStageCommand({ pipelineName, stageName, targetPipelineExecutionId: target.id }),
  );
  console.log(`under way as execution ${pipelineExecutionId} of ${pipelineName}`);
  return 0;
});
