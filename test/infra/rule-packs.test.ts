import { type App, type AppProps, Stack, Validations } from 'aws-cdk-lib';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { createApp } from '../../lib/platform-app';
import { findingsText } from '../../scripts/aws/findings-text';
import { checkUnaccepted, checkWithRulePacks, withoutFinding, withoutReason } from '../../scripts/aws/rule-packs';

const acceptable = ['AwsSolutions-S10', 'AwsSolutions-S1', 'NIST.800.53.R5-S3BucketLoggingEnabled'];

/** An app of one stack with an open bucket, and acknowledgements of it. */
const withBucket =
  (ids: readonly string[], reason = 'Holds nothing, and nobody may write to it.') =>
  (props: AppProps): App => {
    const app = createApp(props);
    const bucket = new CfnBucket(new Stack(app, 'kolate-try-network'), 'Bucket', { bucketName: 'Not_A_Name' });
    for (const id of ids) Validations.of(bucket).acknowledge({ id, reason });
    return app;
  };

describe('the rule packs', () => {
  it('find what each of them looks for, and say how it is accepted', () => {
    const { findings } = checkWithRulePacks(withBucket([]));
    expect(new Set(findings.map(({ pack }) => pack))).toEqual(
      new Set(['AwsSolutions', 'NIST.800.53.R5', 'cdk-validator-cfnguard', 'CloudFormation Validate']),
    );
    const text = findingsText(findings);
    expect(text).toContain('AwsSolutions-S1:');
    expect(text).toContain("acknowledge({ id: 'cdk-validator-cfnguard::");
    expect(text).toContain('kolate-try-network/Bucket');
  });

  it('take every acknowledgement in the form that they print', () => {
    const { findings } = checkWithRulePacks(withBucket([]));
    const ids = [...new Set(findings.map(({ acknowledgeWith }) => acknowledgeWith))];
    expect(ids).toEqual(expect.arrayContaining(acceptable));
    const again = checkWithRulePacks(withBucket(ids));
    expect(again.findings.filter(({ severity }) => severity !== 'fatal')).toEqual([]);
    expect(again.assembly.acknowledgements).toHaveLength(ids.length);
  });

  it('tell what was accepted and is not found', () => {
    const build = withBucket(['AwsSolutions-S1', 'AwsSolutions-SQS3']);
    const { acknowledgements } = checkWithRulePacks(build).assembly;
    const unused = withoutFinding(acknowledgements, checkUnaccepted(build).findings);
    expect(unused.map(({ id }) => id)).toEqual(['AwsSolutions-SQS3']);
  });

  it('want a reason that says something', () => {
    const { assembly } = checkWithRulePacks(withBucket(['AwsSolutions-S1'], 'ok'));
    expect(withoutReason(assembly.acknowledgements)).toEqual([
      { id: 'AwsSolutions-S1', reason: 'ok', path: 'kolate-try-network/Bucket' },
    ]);
  });
});
