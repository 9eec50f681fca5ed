import { Tags } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { Environment } from '../config/environment';

/**
 * `daily`: a copy a day, for stores that keep their own log for points in time. `continuous`: any point of the last days,
 * and a copy a day. The plans of the environment find what they back up by this tag, so that no store depends on them and
 * tenants' volumes can join at run time.
 */
export type BackupKind = 'daily' | 'continuous';

export const backupTag = 'kolate:backup';

/** Two environments may share an account. */
export const backupTagValue = ({ name }: Pick<Environment, 'name'>, kind: BackupKind): string => `${name}-${kind}`;

/** Types that AWS Backup would take; what else a construct has, as the instances of a cluster, is no backup of its own. */
const types = ['AWS::RDS::DBCluster', 'AWS::DocDB::DBCluster', 'AWS::S3::Bucket', 'AWS::EC2::Volume'];

/** Has everything below `scope` that holds data backed up. */
export function backUp(scope: IConstruct, environment: Pick<Environment, 'name'>, kind: BackupKind): void {
  Tags.of(scope).add(backupTag, backupTagValue(environment, kind), { includeResourceTypes: types });
}
