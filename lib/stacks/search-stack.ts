import { CfnOutput } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { KolateKey } from '../constructs/kolate-key';
import { SearchDomain } from '../constructs/search-domain';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export type SearchStackProps = KolateStackProps & {
  readonly vpc: IVpc;
  readonly alarmTopic: ITopic;
  readonly permissionsBoundary: IManagedPolicy;
};

/** Full-text search, by the switch `features.search`. */
export class SearchStack extends KolateStack {
  readonly search: SearchDomain;

  constructor(scope: Construct, props: SearchStackProps) {
    super(scope, 'search', { ...props, stateful: true });
    const { vpc, alarmTopic, environment, permissionsBoundary: boundary } = props;
    const key = new KolateKey(this, 'Key', 'What is indexed for search');
    this.search = new SearchDomain(this, 'Search', { vpc, key, alarmTopic, boundary, environment });
    new CfnOutput(this, 'Endpoint', { value: this.search.host });
    new CfnOutput(this, 'AdminRole', { value: this.search.admin.roleArn });
  }
}
