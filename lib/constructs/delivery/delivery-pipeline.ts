import { Duration } from 'aws-cdk-lib';
import { type IProject, ComputeType as Size } from 'aws-cdk-lib/aws-codebuild';
import { Artifact, type IStage, Pipeline, PipelineType, Result } from 'aws-cdk-lib/aws-codepipeline';
import {
  CodeBuildAction,
  CodeStarConnectionsSourceAction,
  ManualApprovalAction,
} from 'aws-cdk-lib/aws-codepipeline-actions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Environment } from '../../config/environment';
import { explainPolicy } from '../explain-policy';
import { KolateAlarm } from '../kolate-alarm';
import { BuildProject, type BuildProjectProps, ofGrants } from './build-project';
import { debian } from './build-system';
import { actAsOperator, deployStacks, readTemplates, whyWildcards } from './step-rights';

export type DeliveryPipelineProps = {
  readonly delivery: NonNullable<Environment['delivery']>;
  /** Deployed first, and asked to do the main job. */
  readonly rehearsal: string;
  /** Names of environments that are deployed after somebody agreed, one after the other; the last one serves users. */
  readonly waves: readonly string[];
  readonly artifacts: IBucket;
  readonly key: IKey;
  readonly logDays: Environment['logDays'];
  readonly alarmTopic: ITopic;
};

type Step = 'Test' | 'Synth' | 'Gate' | 'Deploy' | 'MainJob';
/** Says to a project of several environments which one it is for. */
const environmentVariable = 'KOLATE_PIPELINE_ENV';
const assembly = `cdk.out/$${environmentVariable}`;

/**
 * From a push to production: tested, synthesized once, held against what is deployed, rehearsed, agreed to, and rolled out
 * in waves. What was synthesized is what deploys, everywhere. A wave that fails goes back by itself.
 */
export class DeliveryPipeline extends Construct {
  readonly pipeline: Pipeline;
  private readonly projects: Readonly<Record<Step, IProject>>;
  private readonly source = new Artifact('source');
  private readonly synthesized = new Artifact('synthesized');

  constructor(scope: Construct, id: string, props: DeliveryPipelineProps) {
    super(scope, id);
    const { rehearsal, waves, artifacts, alarmTopic } = props;
    const names = [rehearsal, ...waves];
    this.projects = this.makeProjects(props, names);
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('codepipeline.amazonaws.com') });
    this.pipeline = new Pipeline(this, 'Pipeline', {
      role,
      pipelineType: PipelineType.V2,
      artifactBucket: artifacts,
      usePipelineRoleForActions: true,
    });
    this.addSource(props.delivery);
    this.stage('test').addAction(this.action('Test', { input: this.source }));
    this.stage('synth').addAction(this.action('Synth', { input: this.source, output: this.synthesized }));
    const gate = this.stage('diff-gate');
    for (const name of names) gate.addAction(this.action('Gate', { environment: name }));
    this.deploy(rehearsal, { mainJob: true });
    this.stage('approval').addAction(approval(rehearsal, waves, alarmTopic));
    for (const name of waves) this.deploy(name, { mainJob: name === waves.at(-1), goesBack: true });
    this.addAlarm(alarmTopic);
    explainPolicy(role, ofGrants);
  }

  private addSource({ connectionArn, repository, branch }: DeliveryPipelineProps['delivery']): void {
    const [owner = '', repo = ''] = repository.split('/');
    const output = this.source;
    this.stage('source').addAction(
      new CodeStarConnectionsSourceAction({ actionName: 'Source', connectionArn, owner, repo, branch, output }),
    );
  }

  private deploy(name: string, { mainJob = false, goesBack = false }): void {
    const stage = this.stage(name, goesBack);
    stage.addAction(this.action('Deploy', { environment: name, runOrder: 1 }));
    if (mainJob) stage.addAction(this.action('MainJob', { environment: name, runOrder: 2 }));
  }

  private stage(stageName: string, goesBack = false): IStage {
    return this.pipeline.addStage({ stageName, ...(goesBack ? { onFailure: { result: Result.ROLLBACK } } : {}) });
  }

  private action(
    step: Step,
    how: { input?: Artifact; output?: Artifact; environment?: string; runOrder?: number },
  ): CodeBuildAction {
    const { environment, output, runOrder } = how;
    return new CodeBuildAction({
      actionName: environment === undefined ? step : `${step}-${environment}`,
      project: this.projects[step],
      input: how.input ?? this.synthesized,
      ...(output ? { outputs: [output] } : {}),
      ...(runOrder === undefined ? {} : { runOrder }),
      ...(environment === undefined ? {} : { environmentVariables: { [environmentVariable]: { value: environment } } }),
    });
  }

  private makeProjects({ key, logDays }: DeliveryPipelineProps, names: readonly string[]): Record<Step, IProject> {
    const make = (step: Step, props: Omit<BuildProjectProps, 'key' | 'logDays'>) =>
      new BuildProject(this, step, { key, logDays, explanations: whyWildcards, ...props }).project;
    return {
      Test: make('Test', {
        description: 'Checks and tests, with the real engines, and what is known of the packages',
        commands: ['npm audit --omit=dev --audit-level=high', 'npm run check', 'npm test'],
        system: debian,
        computeType: Size.LARGE,
        timeout: Duration.hours(1),
      }),
      Synth: make('Synth', {
        description: 'Writes the templates and the content of images and Lambdas, once for all environments',
        commands: names.map((name) => `npm run synth -- --env ${name} --output cdk.out/${name}`),
        computeType: Size.MEDIUM,
        timeout: Duration.minutes(30),
        handsOn: true,
      }),
      Gate: make('Gate', {
        description: 'Refuses what would remove or replace anything with state',
        commands: [`npm run diff-gate -- --assembly "${assembly}"`],
        computeType: Size.SMALL,
        timeout: Duration.minutes(15),
        rights: readTemplates(),
      }),
      Deploy: make('Deploy', {
        description: 'Pushes images, looks at them, and deploys every stack of an environment',
        // The stage before has passed the gate; a roll back must not be stopped by it.
        commands: [`npm run deploy -- --gated --assembly "${assembly}"`],
        computeType: Size.MEDIUM,
        timeout: Duration.hours(4),
        rights: deployStacks(this),
        images: true,
      }),
      MainJob: make('MainJob', {
        description: 'Does the main job as a user would',
        commands: [`npm run main-job -- --env "$${environmentVariable}"`],
        computeType: Size.SMALL,
        timeout: Duration.minutes(30),
        rights: actAsOperator(names),
      }),
    };
  }

  private addAlarm(topic: ITopic): void {
    for (const step of ['Deploy', 'MainJob'] as const) {
      new KolateAlarm(this, `${step}Failed`, {
        topic,
        metric: this.projects[step].metricFailedBuilds({ period: Duration.minutes(5) }),
        threshold: 1,
        description: step === 'Deploy' ? 'A deployment failed.' : 'The main job fails after a deployment.',
        runbook: 'pipeline-failed',
      });
    }
  }
}

const approval = (rehearsal: string, waves: readonly string[], notificationTopic: ITopic): ManualApprovalAction =>
  new ManualApprovalAction({
    actionName: 'Approve',
    notificationTopic,
    additionalInformation: `${rehearsal} runs it and has done the main job. Next: ${waves.join(', then ')}.`,
  });
