import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cli, doMainJob } from '../../../cli/main-job';
import { checkImages, type ImageVerdict } from '../../../scripts/delivery/check-images';
import { readImages } from '../../../scripts/delivery/read-images';
import { rollbackTarget, type StageExecution } from '../../../scripts/delivery/rollback-target';

describe('the images of a deployment', () => {
  const image = { repository: 'assets', tag: 'abc', region: 'us-east-1' };
  const good: ImageVerdict = { scan: { status: 'ACTIVE', findings: { LOW: 3 } }, signatures: ['COMPLETE'] };
  const check = async (...verdicts: ImageVerdict[]) => {
    let looks = 0;
    const registry = async () => verdicts[Math.min(looks++, verdicts.length - 1)] ?? good;
    const objections = await checkImages([image], registry, { attempts: 3, pause: async () => undefined });
    return { objections, looks };
  };

  it('pass when they are scanned, sound and signed', async () => {
    expect(await check(good)).toEqual({ objections: [], looks: 1 });
  });

  it('are looked at again while the registry is at it, so often and no more', async () => {
    const signing = { ...good, signatures: ['IN_PROGRESS'] };
    expect(await check({ scan: undefined, signatures: [] }, signing, good)).toEqual({ objections: [], looks: 3 });
    expect(await check(signing)).toEqual({
      objections: ['assets:abc in us-east-1 is not signed: IN_PROGRESS'],
      looks: 3,
    });
  });

  it('are refused for findings of the two worst kinds, for what cannot be scanned and for no signature', async () => {
    const bad = { scan: { status: 'ACTIVE', findings: { CRITICAL: 1, HIGH: 2, MEDIUM: 9 } }, signatures: ['COMPLETE'] };
    expect((await check(bad)).objections).toEqual(['assets:abc in us-east-1 has findings: 1 CRITICAL, 2 HIGH']);
    const unknown = { scan: { status: 'UNSUPPORTED_IMAGE', findings: {} }, signatures: [] };
    expect((await check(unknown)).objections).toEqual([
      'assets:abc in us-east-1 is not scanned: UNSUPPORTED_IMAGE',
      expect.stringContaining('is not signed: it was pushed before'),
    ]);
  });

  it('are those that the manifests of an assembly name, each once', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kolate-images-'));
    try {
      const destinations = { here: { repositoryName: 'assets', imageTag: 'abc', region: 'us-east-1' } };
      writeFileSync(
        join(folder, 'a.assets.json'),
        JSON.stringify({ files: {}, dockerImages: { abc: { destinations } } }),
      );
      writeFileSync(join(folder, 'b.assets.json'), JSON.stringify({ dockerImages: { abc: { destinations } } }));
      writeFileSync(join(folder, 'c.assets.json'), JSON.stringify({ files: {} }));
      expect(readImages(folder)).toEqual([image]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the execution to roll back to', () => {
  const run = (id: string, minute: number, rolledBackTo?: string): StageExecution => ({
    id,
    rolledBackTo,
    startedAt: new Date(Date.UTC(2026, 0, 1, 0, minute)),
  });

  it('is the one before the last, in whatever order they come', () => {
    expect(rollbackTarget([run('a', 1), run('c', 3), run('b', 2)])?.id).toBe('b');
  });

  it('is older than what the last roll back went back to, and never a roll back', () => {
    expect(rollbackTarget([run('a', 1), run('b', 2), run('c', 3), run('r', 4, 'b')])?.id).toBe('a');
    expect(rollbackTarget([run('a', 1), run('r', 2, 'z'), run('b', 3)])?.id).toBe('a');
  });

  it('is none where nothing older was deployed', () => {
    expect(rollbackTarget([])).toBeUndefined();
    expect(rollbackTarget([run('a', 1)])).toBeUndefined();
    expect(rollbackTarget([run('b', 2), run('r', 3, 'gone')])).toBeUndefined();
  });
});

describe('the main job', () => {
  const until = async (holds: () => Promise<boolean>) => {
    if (!(await holds())) throw new Error('not in time');
  };
  const act = async (answers: Readonly<Record<string, unknown>>) => {
    const called: string[] = [];
    const cli: Cli = async (args) => {
      const command = args
        .filter((arg) => /^[a-z]+$/.test(arg))
        .slice(0, 2)
        .join(' ');
      const name = ['tenant list', 'tenant create', 'model push', 'predictions list', 'tenant delete'].find(
        (one) => command === one,
      );
      const found = name ?? 'predict';
      called.push(found);
      const answer = answers[found];
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const ended = await doMainJob(
      cli,
      { tenant: 'check-1', tier: 'pool', model: 'iris.onnx', until },
      () => undefined,
    ).then(
      () => 'done',
      (error: Error) => error.message,
    );
    return { called, ended };
  };
  const well = {
    predict: { outputs: [{}], parameters: { prediction_id: 'p2' } },
    'predictions list': { items: [{ id: 'p2' }, { id: 'p1' }] },
  };

  it('goes from onboarding to offboarding', async () => {
    expect(await act(well)).toEqual({
      called: ['tenant list', 'tenant create', 'model push', 'predict', 'predictions list', 'tenant delete'],
      ended: 'done',
    });
  });

  it('names the step that failed, and offboards its tenant all the same', async () => {
    const { called, ended } = await act({ ...well, 'model push': new Error('no room') });
    expect(ended).toBe('upload a model: no room');
    expect(called).toEqual(['tenant list', 'tenant create', 'model push', 'tenant delete']);
  });

  it('tells why nobody answers, and offboards nobody there', async () => {
    expect(await act({ 'tenant list': new Error('no AWS credentials here') })).toEqual({
      called: ['tenant list'],
      ended: 'reach the platform: no AWS credentials here',
    });
  });

  it('names the first step that failed, also when the tenant cannot be offboarded', async () => {
    const down = new Error('does not answer');
    expect((await act({ 'tenant create': down, 'tenant delete': down })).ended).toBe(
      'onboard a tenant: does not answer',
    );
    expect((await act({ ...well, 'tenant delete': down })).ended).toBe('offboard the tenant: does not answer');
  });

  it('fails on an answer without outputs, and where only other predictions are on record', async () => {
    expect((await act({ ...well, predict: {} })).ended).toContain('no outputs');
    expect((await act({ ...well, 'predictions list': { items: [{ id: 'p1' }] } })).ended).toBe(
      'find the prediction on record: not in time',
    );
  });
});
