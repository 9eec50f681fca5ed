import { resourcesOf } from '../../../lib/assembly/assembly';
import { at, isRecord, listOf, type Rule } from './rule';

type Properties = Readonly<Record<string, unknown>>;
const has =
  (path: string) =>
  (properties: Properties): boolean =>
    at(properties, path) !== undefined;
const isOn =
  (path: string) =>
  (properties: Properties): boolean =>
    at(properties, path) === true;
const all =
  (...conditions: ((properties: Properties) => boolean)[]) =>
  (properties: Properties): boolean =>
    conditions.every((condition) => condition(properties));
const disksEncrypted = (properties: Properties): boolean =>
  listOf(at(properties, 'LaunchTemplateData.BlockDeviceMappings')).every((disk) => at(disk, 'Ebs.Encrypted') === true);

/** What keeps data, and when it is encrypted. */
const keepers: Readonly<Record<string, (properties: Properties) => boolean>> = {
  'AWS::Backup::BackupVault': has('EncryptionKeyArn'),
  'AWS::CloudTrail::Trail': has('KMSKeyId'),
  'AWS::CodeBuild::Project': has('EncryptionKey'),
  'AWS::CodePipeline::Pipeline': has('ArtifactStore.EncryptionKey'),
  'AWS::DocDB::DBCluster': all(isOn('StorageEncrypted'), has('KmsKeyId')),
  'AWS::DynamoDB::Table': isOn('SSESpecification.SSEEnabled'),
  'AWS::DynamoDB::GlobalTable': isOn('SSESpecification.SSEEnabled'),
  'AWS::EC2::LaunchTemplate': disksEncrypted,
  'AWS::EC2::Volume': isOn('Encrypted'),
  'AWS::ECR::Repository': has('EncryptionConfiguration.KmsKey'),
  'AWS::EFS::FileSystem': isOn('Encrypted'),
  'AWS::ElastiCache::ReplicationGroup': all(isOn('AtRestEncryptionEnabled'), has('KmsKeyId')),
  'AWS::ElastiCache::ServerlessCache': has('KmsKeyId'),
  'AWS::Events::Archive': has('KmsKeyIdentifier'),
  'AWS::Events::EventBus': has('KmsKeyIdentifier'),
  'AWS::Kinesis::Stream': has('StreamEncryption'),
  'AWS::KinesisFirehose::DeliveryStream': has('DeliveryStreamEncryptionConfigurationInput'),
  'AWS::Logs::LogGroup': has('KmsKeyId'),
  'AWS::MSK::Cluster': has('EncryptionInfo.EncryptionAtRest.DataVolumeKMSKeyId'),
  'AWS::OpenSearchService::Domain': isOn('EncryptionAtRestOptions.Enabled'),
  'AWS::RDS::DBCluster': all(isOn('StorageEncrypted'), has('KmsKeyId')),
  'AWS::S3::Bucket': has('BucketEncryption'),
  'AWS::SNS::Topic': has('KmsMasterKeyId'),
  'AWS::SQS::Queue': (properties) => has('KmsMasterKeyId')(properties) || isOn('SqsManagedSseEnabled')(properties),
  'AWS::SecretsManager::Secret': has('KmsKeyId'),
};

/** What keeps nothing of its own, or only with keys of AWS that nobody can change. */
const keepNothing: readonly RegExp[] = [
  /^AWS::(ApiGateway|ApplicationAutoScaling|AutoScaling|CertificateManager|CloudFront|CloudWatch|IAM|Lambda)::/,
  /^AWS::(ElasticLoadBalancingV2|Route53|SSM|ServiceDiscovery|WAFv2|XRay|ACMPCA|Chatbot|Config|Scheduler)::/,
  /^AWS::(ApiGatewayV2|Cognito|KMS|Signer|CodeConnections|CodeStarConnections|CloudFormation|ResourceGroups)::/,
  /^AWS::EC2::(?!Volume|LaunchTemplate)/,
  /^AWS::ECS::/,
  /^AWS::ECR::(RegistryScanningConfiguration|SigningConfiguration|ReplicationConfiguration|RegistryPolicy)$/,
  /^AWS::MSK::(Topic|Configuration|ClusterPolicy|Replicator|BatchScramSecret)$/,
  /^AWS::(RDS|DocDB)::(DBInstance|DBClusterParameterGroup|DBParameterGroup|DBSubnetGroup)$/,
  /^AWS::ElastiCache::(SubnetGroup|ParameterGroup|User|UserGroup)$/,
  /^AWS::OpenSearchService::Application$/,
  /^AWS::S3::BucketPolicy$/,
  /^AWS::SNS::(Subscription|TopicPolicy)$/,
  /^AWS::SQS::QueuePolicy$/,
  /^AWS::Events::(Rule|EventBusPolicy|Connection|ApiDestination)$/,
  /^AWS::Logs::(MetricFilter|SubscriptionFilter|ResourcePolicy|QueryDefinition|LogStream|Delivery)/,
  /^AWS::SecretsManager::(RotationSchedule|ResourcePolicy|SecretTargetAttachment)$/,
  /^AWS::Backup::(BackupPlan|BackupSelection|RestoreTestingPlan|RestoreTestingSelection)$/,
  /^AWS::Synthetics::/,
  /^AWS::CDK::Metadata$/,
  /^Custom::/,
];

export const encryptedAtRest: Rule = {
  name: 'encrypted-at-rest',
  check: (assembly) =>
    resourcesOf(assembly).flatMap((resource) => {
      const type = resource.resource.Type;
      const isEncrypted = keepers[type];
      if (isEncrypted)
        return isEncrypted(resource.properties) ? [] : [{ at: resource, says: 'is not encrypted at rest' }];
      if (keepNothing.some((pattern) => pattern.test(type)) || !isRecord(resource.resource)) return [];
      return [{ at: resource, says: `is of type ${type}, of which this rule does not know whether it keeps data` }];
    }),
};
