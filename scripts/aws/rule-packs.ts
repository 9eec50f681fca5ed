import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CfnGuardValidator } from '@cdklabs/cdk-validator-cfnguard';
import { type App, type AppProps, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks } from 'cdk-nag';
import type { Acknowledgement, Assembly } from '../../lib/assembly/assembly';
import { readAssembly } from '../../lib/assembly/read-assembly';

export type Finding = {
  readonly pack: string;
  readonly rule: string;
  readonly description: string;
  readonly severity: string;
  /** Of the construct. */
  readonly path: string;
  /** What to hand to `Validations.of(construct).acknowledge`, with a reason. */
  readonly acknowledgeWith: string;
};
export type Checked = { readonly findings: readonly Finding[]; readonly assembly: Assembly };

type Report = {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly conclusion: string;
    readonly metadata?: Readonly<Record<string, string>>;
    readonly violations: readonly {
      readonly ruleName: string;
      readonly description: string;
      readonly severity?: string;
      readonly violatingConstructs: readonly {
        readonly constructPath: string;
        readonly cloudFormationResource?: { readonly templatePath: string; readonly logicalId: string };
      }[];
    }[];
  }[];
};

/**
 * Synthesizes an app with every pack that is a gate here: the built-in validation, cdk-nag's AwsSolutions, Serverless and
 * NIST 800-53 R5, and the Control Tower rules. Takes seconds: once a run, not in each test.
 * @param build makes the app; it has to hand the props on
 * @throws Error when a pack could not run
 */
export function checkWithRulePacks(build: (props: AppProps) => App): Checked {
  const outdir = mkdtempSync(join(tmpdir(), 'kolate-rules-'));
  try {
    const app = build({
      outdir,
      analyticsReporting: false,
      // The findings are read from the report, and neither thrown nor printed.
      postCliContext: { '@aws-cdk/core:failSynthOnValidationErrors': false },
    });
    Validations.of(app).addPlugins(
      new AwsSolutionsChecks(app, { verbose: true }),
      new ServerlessChecks(app, { verbose: true }),
      new NIST80053R5Checks(app, { verbose: true }),
      new CfnGuardValidator({ maxBuffer: 64 * 1024 * 1024 }),
    );
    app.synth();
    const report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')) as Report;
    return { findings: findingsIn(report), assembly: readAssembly(outdir) };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

function findingsIn({ pluginReports }: Report): Finding[] {
  return pluginReports.flatMap(({ pluginName: pack, conclusion, metadata, violations }) => {
    if (conclusion === 'failure' && violations.length === 0 && metadata?.error !== undefined) {
      throw new Error(`${pack} could not check the app: ${metadata.error}`);
    }
    return violations.flatMap(({ ruleName: rule, description, severity = 'error', violatingConstructs }) =>
      violatingConstructs.map(({ constructPath, cloudFormationResource: resource }) => ({
        ...{ pack, rule, description, severity },
        path: constructPath || `${resource?.templatePath}/${resource?.logicalId}`,
        // cdk-nag looks for its ids as they are, the CDK for everybody else's with the name of the pack before them.
        acknowledgeWith: rule.startsWith(`${pack}-`) ? rule : `${pack.replaceAll(' ', '-')}::${rule}`,
      })),
    );
  });
}

/** What the packs would find if nothing had been accepted. */
export function checkUnaccepted(build: (props: AppProps) => App): Checked {
  const { acknowledge } = Validations.prototype;
  Validations.prototype.acknowledge = () => undefined;
  try {
    return checkWithRulePacks(build);
  } finally {
    Validations.prototype.acknowledge = acknowledge;
  }
}

/**
 * Acknowledgements of what no pack finds there: the reason outlived the finding. Not meant are exceptions of our own rules,
 * what is accepted for a whole stack by the class of all stacks, and what the CDK accepts for its own constructs.
 */
export const withoutFinding = (
  acknowledgements: readonly Acknowledgement[],
  unaccepted: readonly Finding[],
): Acknowledgement[] =>
  acknowledgements.filter(
    ({ id, path }) =>
      path.includes('/') &&
      !/^(Kolate::|CloudFormation-Validate::F)/.test(id) &&
      !unaccepted.some((finding) => finding.acknowledgeWith === id && `${finding.path}/`.startsWith(`${path}/`)),
  );

/** Acknowledgements whose reason says nothing. */
export const withoutReason = (acknowledgements: readonly Acknowledgement[]): Acknowledgement[] =>
  acknowledgements.filter(({ reason }) => reason.trim().split(/\s+/).length < 3);
