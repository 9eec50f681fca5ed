import { Aws, Validations } from 'aws-cdk-lib';
import { CfnConfigurationRecorder, CfnDeliveryChannel } from 'aws-cdk-lib/aws-config';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { explainPolicy } from './explain-policy';

export type ConfigRecorderProps = {
  readonly bucket: IBucket;
  readonly key: IKey;
  /** Users, roles and the like, which one region of an account records. */
  readonly global: boolean;
};

/** AWS Config: how every resource of the region was configured at any time. A region of an account has one recorder. */
export class ConfigRecorder extends Construct {
  constructor(scope: Construct, id: string, { bucket, key, global }: ConfigRecorderProps) {
    super(scope, id);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('config.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('service-role/AWS_ConfigRole')],
    });
    const files = bucket.arnForObjects(`AWSLogs/${Aws.ACCOUNT_ID}/Config/*`);
    role.addToPolicy(new PolicyStatement({ actions: ['s3:PutObject'], resources: [files] }));
    role.addToPolicy(
      new PolicyStatement({ actions: ['s3:GetBucketAcl', 's3:ListBucket'], resources: [bucket.bucketArn] }),
    );
    role.addToPolicy(new PolicyStatement({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [key.keyArn] }));
    new CfnConfigurationRecorder(this, 'Recorder', {
      roleArn: role.roleArn,
      recordingGroup: { allSupported: true, includeGlobalResourceTypes: global },
      // Every change of every resource is billed; tasks come and go all day.
      recordingMode: { recordingFrequency: 'DAILY' },
    }).node.addDependency(role);
    new CfnDeliveryChannel(this, 'Channel', {
      s3BucketName: bucket.bucketName,
      s3KmsKeyArn: key.keyArn,
      configSnapshotDeliveryProperties: { deliveryFrequency: 'TwentyFour_Hours' },
    }).node.addDependency(role);
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWS_ConfigRole]',
      reason: 'It reads how each type of resource is configured, and AWS adds the types that come.',
    });
    explainPolicy(role, [[/Config\/\*$/, 'AWS Config names its files; they stay below the folder that it has there.']]);
  }
}
