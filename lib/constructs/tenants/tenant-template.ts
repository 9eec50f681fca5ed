import { type App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import {
  AwsCustomResource,
  AwsCustomResourcePolicy,
  type AwsSdkCall,
  PhysicalResourceId,
} from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import type { TierPlan } from '../../../src/contracts/tier-plan';
import type { Environment } from '../../config/environment';
import { tenantTemplateVersion } from '../../config/tenant-template-version';
import { tierPlans } from '../../cost/tier-plans';
import { usageOf } from '../../cost/usage';
import { acknowledge } from '../acknowledge';
import { explainAwsCall } from '../explain-aws-call';
import { KolateBucket } from '../kolate-bucket';
import { grantFiles } from '../services/grant-files';
import { type TemplateAsset, templateAsset } from './template-asset';

export type TenantTemplateProps = {
  readonly environment: Environment;
  /** Makes the stack of a tenant in the app that it is handed. */
  readonly build: (app: App) => Stack;
  /** Of the bucket and the log; a `KolateKey`. */
  readonly key: IKey;
  readonly accessLogs: IBucket;
};

const folder = 'tenants/';
/** Of a file that another one of the same name took the place of, which no version of the template should ever do. */
const oldVersionDays = 365;

/**
 * The template that the stacks of tenants are made from, in a bucket where every version that was published stays: assets
 * are collected as garbage once no deployed app names them, and a rollback names an older one. SSM has the address of each
 * version (/kolate/<environment>/tenants/template/<version>) and which is the `current` one.
 */
export class TenantTemplate extends Construct {
  /** Of this version. */
  readonly url: string;
  /** What one more tenant of each tier brings, by the price list that this app was synthesized with. */
  readonly plans: readonly TierPlan[];
  private readonly bucket: IBucket;

  constructor(scope: Construct, id: string, props: TenantTemplateProps) {
    super(scope, id);
    const { environment, build, key, accessLogs } = props;
    const published = templateAsset(this, 'Asset', build);
    this.bucket = this.keepVersions(key, accessLogs);
    const file = `${folder}${tenantTemplateVersion}.json`;
    this.url = this.bucket.urlForObject(file);
    this.publish(published, file, props);
    this.plans = plansOf(published, environment);
  }

  /** CloudFormation reads it with the rights of whoever makes a stack. */
  grantRead(grantee: Construct & iam.IGrantable): void {
    grantFiles(grantee, 'read', this.bucket, folder);
  }

  private keepVersions(key: IKey, accessLogs: IBucket): IBucket {
    const { bucket } = new KolateBucket(this, 'Versions', { key, accessLogs, oldVersionDays });
    acknowledge(bucket, 'NIST.800.53.R5-S3BucketReplicationEnabled', 'The app publishes it in each region by itself.');
    acknowledge(
      bucket,
      'cdk-validator-cfnguard::s3_bucket_logging_enabled_check',
      'It is: the rule does not see that the bucket of logs is of another stack.',
    );
    return bucket;
  }

  /** No call undoes one of these: what was published stays when another version is, and when this stack goes. */
  private publish({ asset }: TemplateAsset, file: string, { environment, key }: TenantTemplateProps): void {
    const parameter = (name: string): string => `/kolate/${environment.name}/tenants/template/${name}`;
    const logGroup = new LogGroup(this, 'Log', {
      ...{ encryptionKey: key, retention: environment.logDays, removalPolicy: RemovalPolicy.DESTROY },
    });
    const source = asset.bucket.arnForObjects(asset.s3ObjectKey);
    const copy = this.call(
      'Copy',
      logGroup,
      {
        service: 'S3',
        action: 'copyObject',
        parameters: {
          ...{ Bucket: this.bucket.bucketName, Key: file, ContentType: 'application/json' },
          CopySource: `${asset.s3BucketName}/${asset.s3ObjectKey}`,
          ...{ MetadataDirective: 'REPLACE', TaggingDirective: 'REPLACE' },
        },
        physicalResourceId: PhysicalResourceId.of(file),
        outputPaths: ['CopyObjectResult.ETag'],
      },
      [
        new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: [source] }),
        new iam.PolicyStatement({ actions: ['s3:PutObject'], resources: [this.bucket.arnForObjects(file)] }),
        new iam.PolicyStatement({ actions: ['kms:GenerateDataKey', 'kms:Decrypt'], resources: [key.keyArn] }),
      ],
    );
    const name = parameter(String(tenantTemplateVersion));
    const tell = this.call(
      'Tell',
      logGroup,
      {
        service: 'SSM',
        action: 'putParameter',
        parameters: { Name: name, Value: this.url, Type: 'String', Overwrite: true },
        physicalResourceId: PhysicalResourceId.of(name),
      },
      [
        new iam.PolicyStatement({
          actions: ['ssm:PutParameter'],
          resources: [Stack.of(this).formatArn({ service: 'ssm', resource: 'parameter', resourceName: name.slice(1) })],
        }),
      ],
    );
    tell.node.addDependency(copy);
    const current = new StringParameter(this, 'Current', {
      parameterName: parameter('current'),
      stringValue: String(tenantTemplateVersion),
    });
    current.node.addDependency(tell);
  }

  private call(id: string, logGroup: LogGroup, onUpdate: AwsSdkCall, statements: iam.PolicyStatement[]) {
    const policy = AwsCustomResourcePolicy.fromStatements(statements);
    const call = new AwsCustomResource(this, id, { onUpdate, policy, installLatestAwsSdk: false, logGroup });
    explainAwsCall(this, call);
    return call;
  }
}

function plansOf({ template, bytes }: TemplateAsset, { name, region }: Environment): TierPlan[] {
  const stack = {
    ...{ name: 'kolate-tenant', part: 'tenant', region, isProtected: false, template, bytes },
    ...{ file: '', paths: new Map<string, string>(), dependsOn: [] },
  };
  return tierPlans(name, stack, usageOf(name));
}
