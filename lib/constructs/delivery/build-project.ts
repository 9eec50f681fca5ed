import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as codebuild from 'aws-cdk-lib/aws-codebuild';
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Environment } from '../../config/environment';
import { acknowledge } from '../acknowledge';
import { explainPolicy, type WildcardReason } from '../explain-policy';
import { amazonLinux, type BuildSystem } from './build-system';

export type BuildProjectProps = {
  readonly description: string;
  /** After `npm ci`, in a shell that ends at the first that fails. */
  readonly commands: readonly string[];
  /** A `KolateKey`: it encrypts log and artifacts. */
  readonly key: IKey;
  readonly logDays: Environment['logDays'];
  readonly computeType: codebuild.ComputeType;
  readonly timeout: Duration;
  /** What it may do in the account. @default - nothing */
  readonly rights?: readonly PolicyStatement[];
  /** Why its rights have wildcards. */
  readonly explanations?: readonly WildcardReason[];
  /** @default - Amazon Linux */
  readonly system?: BuildSystem;
  /** It builds images, for which it needs a daemon of its own. @default false */
  readonly images?: boolean;
  /** Hands the folder on, less the packages that the next one installs by itself. @default false */
  readonly handsOn?: boolean;
};

/** One step of the pipeline on ARM, which our images are for: logged, bounded in time, and with the rights of this step alone. */
export class BuildProject extends Construct {
  readonly project: codebuild.PipelineProject;

  constructor(scope: Construct, id: string, props: BuildProjectProps) {
    super(scope, id);
    const { key, system = amazonLinux, images = false } = props;
    const logGroup = new LogGroup(this, 'Log', {
      encryptionKey: key,
      retention: props.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('codebuild.amazonaws.com') });
    this.project = new codebuild.PipelineProject(this, 'Project', {
      role,
      // Nothing writes any.
      grantReportGroupPermissions: false,
      description: props.description,
      encryptionKey: key,
      timeout: props.timeout,
      queuedTimeout: Duration.hours(1),
      environment: {
        buildImage: system.image,
        computeType: props.computeType,
        privileged: images,
      },
      logging: { cloudWatch: { logGroup } },
      buildSpec: buildSpec(props),
    });
    for (const statement of props.rights ?? []) this.project.addToRolePolicy(statement);
    if (images) {
      const daemon = 'Building an image takes a daemon of its own, and that the privileged mode.';
      acknowledge(this.project, 'cdk-validator-cfnguard::codebuild_project_environment_privileged_check', daemon);
    }
    if (system.because) acknowledge(this.project, 'AwsSolutions-CB5', system.because);
    explainPolicy(role, [...(props.explanations ?? []), ...ofGrants]);
  }
}

/** Why the grants that the CDK writes for a project and its pipeline have wildcards. */
export const ofGrants: readonly WildcardReason[] = [
  [/^Action::s3:(GetBucket|GetObject|List|Abort|DeleteObject)\*$/, 'Ways of reading or writing artifacts.'],
  [/^Action::kms:(ReEncrypt|GenerateDataKey)\*$/, 'Ways of using the key of the artifacts.'],
  [/^Resource::<[^>]+\.Arn>\/\*$/, 'Artifacts have names that CodePipeline makes.'],
  [/:log-group:.*:\*$/, 'Streams of its log have names that CodeBuild makes.'],
];

function buildSpec({ commands, system = amazonLinux, handsOn = false }: BuildProjectProps): codebuild.BuildSpec {
  const { runtimes, install, variables } = system;
  return codebuild.BuildSpec.fromObject({
    version: '0.2',
    env: { shell: 'bash', variables: { CDK_DISABLE_CLI_TELEMETRY: '1', ...variables } },
    phases: {
      install: { ...(runtimes ? { 'runtime-versions': runtimes } : {}), commands: ['set -e', ...install, 'npm ci'] },
      build: { commands: ['set -e', ...commands] },
    },
    ...(handsOn ? { artifacts: { files: ['**/*'], 'exclude-paths': ['node_modules/**/*', '.git/**/*'] } } : {}),
  });
}
