import { Names, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

export type StoreLogsProps = { readonly key: IKey; readonly logDays: number };

/** A name that AWS' data stores take for a cluster: small letters, digits and hyphens, at most 40. */
export const storeName = (scope: Construct): string =>
  Names.uniqueResourceName(scope, { maxLength: 40, separator: '-' }).toLowerCase();

/**
 * The groups that a store writes its logs to, made before it: it would make them itself otherwise, without our key and to
 * be kept for ever.
 * @param prefix as in /aws/rds/cluster/NAME
 */
export function addStoreLogs(
  scope: Construct,
  prefix: string,
  kinds: readonly string[],
  { key, logDays }: StoreLogsProps,
): LogGroup[] {
  return kinds.map((kind) => {
    const group = new LogGroup(scope, `Logs-${kind}`, {
      logGroupName: `${prefix}/${kind}`,
      encryptionKey: key,
      retention: logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    return group;
  });
}
