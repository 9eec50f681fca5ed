import { Aws } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnResourcePolicy } from 'aws-cdk-lib/aws-logs';
import type { CfnDomain } from 'aws-cdk-lib/aws-opensearchservice';
import { Construct } from 'constructs';
import type { Environment } from '../config/environment';
import { addStoreLogs } from './store-logs';

export type SearchLogsProps = {
  readonly domainName: string;
  /** A `KolateKey`. */
  readonly key: IKey;
  readonly logDays: Environment['logDays'];
};

/** Names of groups, and what OpenSearch calls what goes there. */
const kinds = {
  'search-slow': 'SEARCH_SLOW_LOGS',
  'index-slow': 'INDEX_SLOW_LOGS',
  application: 'ES_APPLICATION_LOGS',
  audit: 'AUDIT_LOGS',
} as const;

/** Everything that OpenSearch can tell, in groups of ours, into which it may write. */
export class SearchLogs extends Construct {
  /** Of the domain, which has to come after all of this. */
  readonly options: Readonly<Record<string, CfnDomain.LogPublishingOptionProperty>>;

  constructor(scope: Construct, id: string, { domainName, key, logDays }: SearchLogsProps) {
    super(scope, id);
    const groups = addStoreLogs(this, `/aws/opensearch/${domainName}`, Object.keys(kinds), { key, logDays });
    new CfnResourcePolicy(this, 'Policy', {
      policyName: `opensearch-${domainName}`,
      policyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'es.amazonaws.com' },
            Action: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:PutLogEventsBatch'],
            Resource: groups.map(({ logGroupArn }) => logGroupArn),
            Condition: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
          },
        ],
      }),
    });
    this.options = Object.fromEntries(
      Object.values(kinds).map((kind, index) => [
        kind,
        { enabled: true, cloudWatchLogsLogGroupArn: groups[index]?.logGroupArn },
      ]),
    );
  }
}
