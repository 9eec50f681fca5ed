import { CfnOutput } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { pipelineOutput } from '../config/delivery-names';
import type { Environment } from '../config/environment';
import { acknowledge } from '../constructs/acknowledge';
import { DeliveryPipeline } from '../constructs/delivery/delivery-pipeline';
import { KolateBucket } from '../constructs/kolate-bucket';
import { KolateKey } from '../constructs/kolate-key';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export type DeliveryStackProps = KolateStackProps & {
  readonly delivery: NonNullable<Environment['delivery']>;
  readonly alarmTopic: ITopic;
  readonly accessLogs: IBucket;
  readonly rehearsal: Environment;
  readonly waves: readonly Environment[];
};

/** Artifacts of so many days can be rolled back to. */
const artifactDays = 90;

/** The pipeline that deploys the environments of an account. Deployed by hand, as no pipeline changes itself under way. */
export class DeliveryStack extends KolateStack {
  constructor(scope: Construct, props: DeliveryStackProps) {
    super(scope, 'delivery', { ...props, stateful: true });
    const { alarmTopic, accessLogs, delivery, environment, rehearsal, waves } = props;
    const key = new KolateKey(this, 'Key', 'What the pipeline hands from step to step');
    const { bucket: artifacts } = new KolateBucket(this, 'Artifacts', {
      key,
      accessLogs,
      oldVersionDays: 1,
      expireAfterDays: artifactDays,
    });
    acknowledge(artifacts, 'NIST.800.53.R5-S3BucketReplicationEnabled', 'Made again from the repository.');
    acknowledge(
      artifacts,
      'cdk-validator-cfnguard::s3_bucket_logging_enabled_check',
      'It is: the rule does not see that the bucket of logs is of another stack.',
    );
    const { pipeline } = new DeliveryPipeline(this, 'Delivery', {
      delivery,
      rehearsal: rehearsal.name,
      waves: waves.map(({ name }) => name),
      artifacts,
      key,
      logDays: environment.logDays,
      alarmTopic,
    });
    new CfnOutput(this, pipelineOutput, { value: pipeline.pipelineName });
  }
}
