import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { checkEnvironment } from '../../../lib/config/check-environment';
import type { Environment } from '../../../lib/config/environment';
import { rollout } from '../../../lib/config/environments';
import { createApp } from '../../../lib/platform-app';
import { DeliveryStack } from '../../../lib/stacks/delivery-stack';
import { SecurityStack } from '../../../lib/stacks/security-stack';
import { StorageStack } from '../../../lib/stacks/storage-stack';
import { findMissing } from '../../../local/setup/preflight.mjs';
import { dev } from '../../helpers/neutral-environments';
import { scratchFolder } from '../../helpers/scratch-folder';

type Action = {
  Name: string;
  RunOrder: number;
  Configuration: { ProjectName?: unknown; EnvironmentVariables?: string; NotificationArn?: unknown };
  InputArtifacts?: { Name: string }[];
};
type Stage = { Name: string; Actions: Action[]; OnFailure?: { Result: string } };

const delivery = {
  connectionArn: 'arn:aws:codeconnections:us-east-1:111111111111:connection/1f2e3d4c-0000-4000-8000-000000000000',
  repository: 'kolate/kolate',
  branch: 'main',
};
const environment: Environment = checkEnvironment({ ...dev, delivery });
const deliveryOf = (): Template => {
  const app = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
  const { alarmTopic } = new SecurityStack(app, { environment });
  const { accessLogs } = new StorageStack(app, { environment, alarmTopic });
  return Template.fromStack(new DeliveryStack(app, { environment, delivery, ...rollout, alarmTopic, accessLogs }));
};
const template = deliveryOf();
const [pipeline] = Object.values(template.findResources('AWS::CodePipeline::Pipeline'));
const stages = pipeline?.Properties.Stages as Stage[];
const stage = (name: string): Stage => stages.find(({ Name }) => Name === name) ?? { Name: 'none', Actions: [] };
const commandsOf = (step: string): string => {
  const [project] = Object.entries(template.findResources('AWS::CodeBuild::Project')).filter(([id]) =>
    id.startsWith(`Delivery${step}Project`),
  );
  return String(project?.[1].Properties.Source.BuildSpec);
};
const statementsOf = (step: string): string =>
  JSON.stringify(
    Object.entries(template.findResources('AWS::IAM::Policy'))
      .filter(([id]) => id.startsWith(`Delivery${step}Role`))
      .map(([, { Properties }]) => Properties.PolicyDocument.Statement),
  );

describe('the pipeline', () => {
  it('tests, synthesizes, holds against what is deployed, rehearses, asks, and goes out in waves', () => {
    expect(stages.map(({ Name }) => Name)).toEqual([
      ...['source', 'test', 'synth', 'diff-gate', 'dev', 'approval', 'prod-standby', 'prod'],
    ]);
    expect(commandsOf('Test')).toContain('npm test');
    for (const name of ['dev', 'prod-standby', 'prod']) {
      expect(commandsOf('Synth')).toContain(`npm run synth -- --env ${name} --output cdk.out/${name}`);
    }
    expect(commandsOf('Gate')).toContain('npm run diff-gate');
    expect(commandsOf('Deploy')).toContain('npm run deploy');
    expect(commandsOf('MainJob')).toContain('npm run main-job');
  });

  it('tests on the Debian that our images begin with, as the engines come from there', () => {
    const [, begin] = /^FROM (\S+)/m.exec(readFileSync('images/service/Dockerfile', 'utf8')) ?? [];
    template.resourcePropertiesCountIs(
      'AWS::CodeBuild::Project',
      {
        Environment: { Image: begin, Type: 'ARM_CONTAINER' },
        Source: { BuildSpec: Match.stringLikeRegexp('npm test') },
      },
      1,
    );
    // A build on an image that is not of AWS stops at the first word of runtimes.
    expect(commandsOf('Test')).not.toContain('runtime-versions');
  });

  it('installs all that setting up the engines asks for, and each for a reason', () => {
    const brings: Readonly<Record<string, string>> = {
      maven: 'mvn',
      'openjdk-17-jre-headless': 'java',
      'golang-go': 'go',
    };
    const words = new Set(JSON.parse(commandsOf('Test')).phases.install.commands.join(' ').split(' '));
    const installed = Object.keys(brings).filter((name) => words.has(name));
    const missingWith = (packages: readonly string[]) => {
      const path = scratchFolder('path');
      // The first three are the image's.
      for (const program of ['npm', 'apt-get', 'dpkg-deb', ...packages.map((name) => brings[name])]) {
        writeFileSync(join(path, String(program)), '#!/bin/sh\necho openjdk 17.0.1 go1.23.1\n', { mode: 0o755 });
      }
      const env = { PATH: path, KOLATE_DEBIAN_MIRROR: 'https://mirror.test/debian' };
      const parts = ['prefix', 'kafka', 'ferretdb', 'versitygw'] as const;
      const lines = findMissing({ parts, needsJava: true, java: join(path, 'java'), needsNpm: true, env });
      // Debian has its own keyring, wherever this test runs.
      return lines.filter((line) => !line.startsWith('/usr/share/keyrings/'));
    };
    expect(missingWith(installed)).toEqual([]);
    for (const left of installed) {
      expect(missingWith(installed.filter((name) => name !== left))).toEqual([
        expect.stringContaining(`${brings[left]} is missing`),
      ]);
    }
  });

  it('takes no step to any environment before the gate has passed them all', () => {
    const gates = stage('diff-gate').Actions;
    expect(gates.map(({ Name }) => Name)).toEqual(['Gate-dev', 'Gate-prod-standby', 'Gate-prod']);
    for (const [index, name] of ['dev', 'prod-standby', 'prod'].entries()) {
      expect(gates[index]?.Configuration.EnvironmentVariables).toContain(`"value":"${name}"`);
    }
  });

  it('deploys everywhere what was synthesized once', () => {
    const inputs = ['diff-gate', 'dev', 'prod-standby', 'prod'].flatMap((name) =>
      stage(name).Actions.flatMap(({ InputArtifacts = [] }) => InputArtifacts.map(({ Name }) => Name)),
    );
    expect(new Set(inputs)).toEqual(new Set(['synthesized']));
  });

  it('does the main job after the rehearsal, and where users are, once it is deployed', () => {
    for (const name of ['dev', 'prod']) {
      expect(stage(name).Actions.map(({ Name, RunOrder }) => [Name, RunOrder])).toEqual([
        [`Deploy-${name}`, 1],
        [`MainJob-${name}`, 2],
      ]);
    }
  });

  it('goes back by itself where users may be', () => {
    expect(stage('dev').OnFailure).toBeUndefined();
    for (const name of ['prod-standby', 'prod']) expect(stage(name).OnFailure).toEqual({ Result: 'ROLLBACK' });
  });

  it('tells those who agree that they are asked', () => {
    expect(stage('approval').Actions[0]?.Configuration.NotificationArn).toBeDefined();
  });

  it('has each step do no more than it is for', () => {
    for (const step of ['Test', 'Synth'])
      expect(statementsOf(step)).not.toMatch(/sts:|cloudformation:|secretsmanager:/);
    expect(statementsOf('Gate')).toContain('cloudformation:GetTemplate');
    expect(statementsOf('Gate')).not.toContain('sts:AssumeRole');
    expect(statementsOf('Deploy')).toContain('sts:AssumeRole');
    expect(statementsOf('Deploy')).not.toContain('secretsmanager:');
    expect(statementsOf('MainJob')).toContain('"aws:ResourceTag/kolate:part":"identity"');
    expect(statementsOf('MainJob')).not.toContain('sts:AssumeRole');
  });

  it('encrypts what it hands on, and builds images alone with a daemon', () => {
    template.allResourcesProperties('AWS::CodeBuild::Project', {
      EncryptionKey: Match.anyValue(),
      TimeoutInMinutes: Match.anyValue(),
    });
    template.resourcePropertiesCountIs('AWS::CodeBuild::Project', { Environment: { PrivilegedMode: true } }, 1);
    template.hasResourceProperties('AWS::CodePipeline::Pipeline', {
      ArtifactStore: { EncryptionKey: Match.anyValue() },
      PipelineType: 'V2',
    });
  });

  it('rings when a deployment or the main job fails, and not for a test of somebody’s branch', () => {
    template.resourcePropertiesCountIs('AWS::CloudWatch::Alarm', { MetricName: 'FailedBuilds' }, 2);
  });

  it('says how it is called, for whoever rolls back', () => {
    expect(Object.keys(template.findOutputs('Pipeline'))).toEqual(['Pipeline']);
  });
});
