import { Validations } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { AccountTrail } from '../constructs/account-trail';
import { ConfigRecorder } from '../constructs/config-recorder';
import { ImageRegistry } from '../constructs/image-registry';
import { KolateBucket } from '../constructs/kolate-bucket';
import { KolateKey } from '../constructs/kolate-key';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export type AccountStackProps = KolateStackProps & { readonly alarmTopic: ITopic; readonly accessLogs: IBucket };

/**
 * What an account or a region of it has once, whatever number of environments live there: each part by its switch, turned
 * on in one of them.
 */
export class AccountStack extends KolateStack {
  constructor(scope: Construct, props: AccountStackProps) {
    super(scope, 'account', { ...props, stateful: true });
    const { accessLogs, alarmTopic, environment } = props;
    const { logDays, peer, security } = environment;
    if (security.imageRules) new ImageRegistry(this, 'Images');
    if (!security.cloudTrail && !security.awsConfig) return;
    const key = new KolateKey(this, 'Key', 'Records of who did what in the account');
    const { bucket } = new KolateBucket(this, 'Records', { key, accessLogs, oldVersionDays: 90 });
    Validations.of(bucket).acknowledge({
      id: 'NIST.800.53.R5-S3BucketReplicationEnabled',
      reason: 'A copy is in CloudWatch Logs, and the trail’s files are signed.',
    });
    Validations.of(bucket).acknowledge({
      id: 'cdk-validator-cfnguard::s3_bucket_logging_enabled_check',
      reason: 'It is: the rule does not see that the bucket of logs is of another stack.',
    });
    if (security.cloudTrail) new AccountTrail(this, 'Trail', { bucket, key, logDays, alarmTopic });
    if (security.awsConfig) new ConfigRecorder(this, 'Config', { bucket, key, global: peer?.role !== 'primary' });
  }
}

/** @returns whether the environment turns on any part of it */
export const needsAccountStack = ({ security }: KolateStackProps['environment']): boolean =>
  security.cloudTrail || security.awsConfig || security.imageRules;
