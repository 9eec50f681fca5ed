import { type App, RemovalPolicy } from 'aws-cdk-lib';
import { Template as Synthesized } from 'aws-cdk-lib/assertions';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { AssembledStack, Template } from '../../lib/assembly/assembly';
import { dev } from '../../lib/config/dev';
import { createApp } from '../../lib/platform-app';
import { SecurityStack } from '../../lib/stacks/security-stack';
import { StorageStack } from '../../lib/stacks/storage-stack';
import { checkLosses } from '../../scripts/delivery/check-losses';
import { findLosses } from '../../scripts/delivery/find-losses';

const storage = (app: App): StorageStack => {
  const { alarmTopic } = new SecurityStack(app, { environment: dev });
  return new StorageStack(app, { environment: dev, alarmTopic });
};
/** What deploys when somebody has done something to the stack of the buckets. */
const templateAfter = (mutate: (stack: StorageStack) => void): Template => {
  const stack = storage(createApp({ analyticsReporting: false, builtinCloudFormationValidation: false }));
  mutate(stack);
  return Synthesized.fromStack(stack).toJSON() as Template;
};
const models = (stack: StorageStack): CfnBucket => stack.models.node.defaultChild as CfnBucket;
const before = templateAfter(() => undefined);
const lossesAfter = (mutate: (stack: StorageStack) => void): string[] =>
  findLosses(before, templateAfter(mutate)).map(({ logicalId, what }) => `${logicalId.slice(0, 6)} ${what}`);

describe('the gate of deployments', () => {
  it('lets pass what changes in place, and what comes new', () => {
    expect(lossesAfter(() => undefined)).toEqual([]);
    expect(
      lossesAfter((stack) => {
        models(stack).bucketEncryption = undefined;
        models(stack).lifecycleConfiguration = undefined;
        new CfnBucket(stack, 'Another');
      }),
    ).toEqual([]);
  });

  it('refuses a bucket of another name, since that is another bucket', () => {
    expect(
      lossesAfter((stack) => {
        models(stack).bucketName = 'kolate-other';
      }),
    ).toEqual(['Models is replaced, or may be, by a change of BucketName']);
  });

  it('refuses a stateful resource that got another logical id, as moving a construct does', () => {
    expect(lossesAfter((stack) => models(stack).overrideLogicalId('Moved'))).toEqual(['Models is removed']);
  });

  it('refuses a stateful resource that is kept no more', () => {
    expect(lossesAfter((stack) => models(stack).applyRemovalPolicy(RemovalPolicy.DESTROY))).toEqual([
      'Models is no longer kept when its stack goes or replaces it',
    ]);
  });

  it('refuses a stateful resource that becomes another type', () => {
    const [id] = Object.keys(before.Resources).filter(
      (name) => name.startsWith('ModelsBucket') && !/Policy/.test(name),
    );
    const after = { Resources: { ...before.Resources, [String(id)]: { Type: 'AWS::S3::AccessPoint' } } };
    expect(findLosses(before, after).map(({ what }) => what)).toEqual(['becomes an AWS::S3::AccessPoint']);
  });

  it('says nothing of resources that can be made again', () => {
    const { Resources } = before;
    const policies = Object.keys(Resources).filter((id) => Resources[id]?.Type === 'AWS::S3::BucketPolicy');
    expect(policies).not.toHaveLength(0);
    const rest = Object.entries(Resources).filter(([id]) => !policies.includes(id));
    expect(findLosses(before, { Resources: Object.fromEntries(rest) })).toEqual([]);
  });

  describe('over an assembly', () => {
    const after = templateAfter((stack) => models(stack).overrideLogicalId('Moved'));
    const stack: AssembledStack = {
      ...{ name: 'kolate-dev-storage', part: 'storage', region: 'us-east-1', isProtected: true, template: after },
      ...{ bytes: 0, file: '', paths: new Map(), dependsOn: [] },
    };
    const [lost] = findLosses(before, after);

    it('refuses with the stack, the resource and what becomes of it', async () => {
      const { refused } = await checkLosses({ stacks: [stack] }, async () => before, []);
      expect(refused).toEqual([`kolate-dev-storage: AWS::S3::Bucket ${lost?.logicalId} is removed`]);
    });

    it('lets a loss pass that somebody has accepted, for that stack alone', async () => {
      const accept = { stack: stack.name, logicalId: String(lost?.logicalId), because: 'It was never written to.' };
      const { refused, accepted } = await checkLosses({ stacks: [stack] }, async () => before, [accept]);
      expect(refused).toEqual([]);
      expect(accepted).toEqual([expect.stringMatching(/is removed: It was never written to\.$/)]);
      const elsewhere = { ...accept, stack: 'kolate-prod-storage' };
      expect((await checkLosses({ stacks: [stack] }, async () => before, [elsewhere])).refused).toHaveLength(1);
    });

    it('has nothing to say of a stack that is not deployed yet', async () => {
      expect(await checkLosses({ stacks: [stack] }, async () => undefined, [])).toEqual({ refused: [], accepted: [] });
    });
  });
});
