import { readFileSync } from 'node:fs';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { checkEnvironment } from '../../../lib/config/check-environment';
import type { Environment } from '../../../lib/config/environment';
import { prod } from '../../../lib/config/prod';
import { addPlatform, createApp } from '../../../lib/platform-app';
import { readCells } from '../../../src/services/enterprise-info/provisioning/read-cells';

const cell = { id: 'one', instanceType: 'r7g.2xlarge', volumeGib: 1_000, volumeIops: 6_000 };
const environment: Environment = { ...prod, sharedCells: [cell] };

describe('a shared cell', () => {
  const app = addPlatform(
    createApp({ analyticsReporting: false, builtinCloudFormationValidation: false }),
    environment,
  );
  const stackNamed = (name: string) => {
    const stack = app.node.children.find(({ node }) => node.id === name);
    if (!stack) throw new Error(`no stack ${name}`);
    return Template.fromStack(stack as Parameters<typeof Template.fromStack>[0]);
  };
  const template = stackNamed('kolate-prod-cell-one');

  it('has a host in each zone, which is replaced one for one', () => {
    template.resourceCountIs('AWS::AutoScaling::AutoScalingGroup', 3);
    template.allResourcesProperties('AWS::AutoScaling::AutoScalingGroup', { MinSize: '1', MaxSize: '1' });
    for (const letter of ['a', 'b', 'c']) {
      template.hasResourceProperties('AWS::EC2::Volume', { AvailabilityZone: `us-east-1${letter}` });
    }
  });

  it('keeps its volumes encrypted by its own key, backed up, and as snapshots when they go', () => {
    template.resourceCountIs('AWS::KMS::Key', 1);
    template.allResources('AWS::EC2::Volume', {
      DeletionPolicy: 'Snapshot',
      Properties: Match.objectLike({
        ...{ Encrypted: true, Size: 1_000, Iops: 6_000 },
        KmsKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] },
        Tags: Match.arrayWith([{ Key: 'kolate:backup', Value: 'prod-daily' }]),
      }),
    });
  });

  it('rings for disk, memory, queue and absence of each host, with what to do', () => {
    const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm'));
    const runbooks = alarms.map(({ Properties }) => /runbooks\/(.*)\.md/.exec(Properties.AlarmDescription)?.[1]);
    expect(runbooks.sort()).toEqual(
      ['cell-disk', 'cell-host-replaced', 'cell-memory', 'cell-volume-queue'].flatMap((name) => [name, name, name]),
    );
  });

  it('has its hosts limit what each tenant stores, by the very program that is tried on a real volume', () => {
    const written = Object.values(template.findResources('AWS::EC2::LaunchTemplate')).map(
      ({ Properties }) => Properties.LaunchTemplateData.UserData['Fn::Base64']['Fn::Sub'][0] as string,
    );
    expect(written).toHaveLength(3);
    for (const text of written) {
      const asShell = text.replaceAll('$' + '{!', '$' + '{');
      expect(asShell).toContain(`<<'EOF'\n${readFileSync('images/host/limit-tenants', 'utf8')}EOF\n`);
      expect(asShell).toContain('enable --now limit-tenants.timer');
      // As large as user data may be, once CloudFormation has filled it in.
      expect(text.length).toBeLessThan(16_000);
    }
  });

  it('has its hosts mount the volume with quotas, after a reboot too, before any engine runs', () => {
    const text = JSON.stringify(template.findResources('AWS::EC2::LaunchTemplate'));
    expect(text).toContain('/data xfs noatime,prjquota,nofail 0 2\\" >> /etc/fstab');
    expect(text).toMatch(/RequiresMountsFor=\/data[^>]*> \/etc\/systemd\/system\/ecs\.service\.d\/data\.conf/);
  });

  it('is known, with the room of each host, to who places tenants', () => {
    const tasks = stackNamed('kolate-prod-services').findResources('AWS::ECS::TaskDefinition');
    const text = JSON.stringify(tasks);
    const value = /"Name":"KOLATE_SHARED_CELLS","Value":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? '';
    const [known] = readCells(JSON.parse(`"${value}"`));
    expect(known?.hosts).toEqual(
      ['a', 'b', 'c'].map((letter, at) => ({
        ...{ slot: at + 1, zone: `us-east-1${letter}`, memoryMib: 64_512, diskGib: 1_000, tasks: 40 },
      })),
    );
  });
});

describe('the configuration of shared cells', () => {
  it.each([
    ['an id twice', [cell, cell], 'each id once'],
    ['a type of which nobody knows the room', [{ ...cell, instanceType: 'm7g.9xlarge' }], 'r7g.2xlarge'],
    ['an id that is none', [{ ...cell, id: 'One' }], '1 to 36 small letters'],
    ['a volume that EBS does not have', [{ ...cell, volumeGib: 20_000 }], '10 to 16384'],
  ])('refuses %s', (_what, sharedCells, expected) => {
    expect(() => checkEnvironment({ ...prod, sharedCells })).toThrow(expected);
  });
});
