import { type Assembly, resourcesOf } from '../../../lib/assembly/assembly';
import type { Rule, Violation } from './rule';

/** What somebody would miss. Log groups, caches that fill again and what deployments make are not among it. */
export const statefulTypes: readonly string[] = [
  'AWS::Backup::BackupVault',
  'AWS::Cognito::UserPool',
  'AWS::DocDB::DBCluster',
  'AWS::DynamoDB::GlobalTable',
  'AWS::DynamoDB::Table',
  'AWS::EC2::Volume',
  'AWS::ECR::Repository',
  'AWS::EFS::FileSystem',
  'AWS::ElastiCache::ReplicationGroup',
  'AWS::KMS::Key',
  'AWS::MSK::Cluster',
  'AWS::MSK::Topic',
  'AWS::OpenSearchService::Domain',
  'AWS::RDS::DBCluster',
  'AWS::Route53::HostedZone',
  'AWS::S3::Bucket',
];
/** In any stack, as those that encrypt nothing but logs stand with what writes the logs. */
const placedAnywhere = ['AWS::KMS::Key'];
const kept = ['Retain', 'RetainExceptOnCreate', 'Snapshot'];

/** Kept when it is taken out of its template, when it is replaced, and by a stack that cannot be deleted by accident. */
export const statefulRetained: Rule = {
  name: 'stateful-retained',
  check: (assembly: Assembly) =>
    resourcesOf(assembly, ...statefulTypes).flatMap((resource): Violation[] => {
      const { DeletionPolicy = 'Delete', UpdateReplacePolicy = 'Delete' } = resource.resource;
      const says = [
        ...(kept.includes(DeletionPolicy) ? [] : [`has DeletionPolicy ${DeletionPolicy}`]),
        ...(kept.includes(UpdateReplacePolicy) ? [] : [`has UpdateReplacePolicy ${UpdateReplacePolicy}`]),
        ...(resource.stack.isProtected || placedAnywhere.includes(resource.resource.Type)
          ? []
          : ['is in a stack without termination protection']),
      ];
      return says.map((one) => ({ at: resource, says: one }));
    }),
};
