import { readFileSync } from 'node:fs';
import type { Template } from '../../lib/assembly/assembly';
import { goldenFile, tenantTemplateNow, type VersionedTemplate } from '../../scripts/aws/tenant-template';
import { templateChange } from '../../scripts/delivery/template-change';

const golden: VersionedTemplate = JSON.parse(readFileSync(goldenFile, 'utf8'));

it('has the template that was published under its version: what changes is another version (npm run tenant-template)', () => {
  const now = tenantTemplateNow();
  const { lines, losses } = templateChange(golden.template, now.template);
  expect({ version: now.version, changed: lines, losesState: losses }).toEqual({
    ...{ version: golden.version, changed: [], losesState: [] },
  });
});

describe('what is said of a change of the template', () => {
  const volume = (Properties: object) => ({
    Type: 'AWS::EC2::Volume',
    Properties: { AvailabilityZone: 'a', ...Properties },
    ...{ DeletionPolicy: 'Snapshot', UpdateReplacePolicy: 'Snapshot' },
  });
  const secret = (Name: string) => ({
    ...{ Type: 'AWS::SecretsManager::Secret', Properties: { Name } },
    ...{ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' },
  });
  const before: Template = {
    Parameters: { Size: { Type: 'Number', Default: 20 } },
    Resources: {
      Disk: volume({ Size: 20 }),
      Secret: secret('one'),
      Log: { Type: 'AWS::Logs::LogGroup', Properties: {} },
    },
  };
  const changed = (change: Partial<Template['Resources']>, more: Partial<Template> = {}) =>
    templateChange(before, {
      ...before,
      ...more,
      Resources: { ...before.Resources, ...change } as Template['Resources'],
    });

  it('names what is added, removed and changed, and parameters', () => {
    const topic = { Type: 'AWS::SNS::Topic' };
    const { Log: _log, ...rest } = before.Resources;
    expect(templateChange(before, { Parameters: { Iops: {} }, Resources: { ...rest, Topic: topic } })).toEqual({
      losses: [],
      lines: [
        '- Log (AWS::Logs::LogGroup) is removed',
        '+ Topic (AWS::SNS::Topic) is added',
        '- Size of the parameters',
        '+ Iops of the parameters',
      ],
    });
    expect(changed({ Disk: volume({ Size: 40 }) })).toEqual({ losses: [], lines: ['~ Disk (AWS::EC2::Volume): Size'] });
  });

  it('says where what holds data would be replaced, removed or no longer kept', () => {
    expect(changed({ Secret: secret('other') })).toEqual({
      lines: ['~ Secret (AWS::SecretsManager::Secret): Name (replaces it)'],
      losses: ['Secret (AWS::SecretsManager::Secret) is replaced, or may be, by a change of Name'],
    });
    const { Disk: _disk, ...rest } = before.Resources;
    expect(templateChange(before, { ...before, Resources: rest }).losses).toEqual([
      'Disk (AWS::EC2::Volume) is removed',
    ]);
    const { DeletionPolicy: _policy, ...unkept } = volume({ Size: 20 });
    expect(changed({ Disk: unkept }).losses).toEqual([
      'Disk (AWS::EC2::Volume) is no longer kept when its stack goes or replaces it',
    ]);
  });

  it('takes nothing for a change that is none', () => {
    expect(templateChange(before, structuredClone(before))).toEqual({ lines: [], losses: [] });
  });
});
