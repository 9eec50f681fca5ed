import { Aws, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { WildcardReason } from '../explain-policy';

const arn = (service: string, region: string, resource: string): string =>
  `arn:${Aws.PARTITION}:${service}:${region}:${Aws.ACCOUNT_ID}:${resource}`;
const may = (actions: string[], resources: string[], conditions = {}): PolicyStatement =>
  new PolicyStatement({ actions, resources, conditions });

/** To compare with what is deployed, in whatever regions. */
export const readTemplates = (): PolicyStatement[] => [
  may(['cloudformation:GetTemplate'], [arn('cloudformation', '*', 'stack/kolate-*')]),
];

/** To hand over to the roles of the bootstrap stacks, which do the work, and to look at images. */
export function deployStacks(scope: Construct): PolicyStatement[] {
  const { bootstrapQualifier } = Stack.of(scope).synthesizer;
  const roles = ['deploy', 'file-publishing', 'image-publishing', 'lookup'].map((role) =>
    arn('iam', '', `role/cdk-${bootstrapQualifier}-${role}-role-${Aws.ACCOUNT_ID}-*`),
  );
  const repositories = arn('ecr', '*', `repository/cdk-${bootstrapQualifier}-container-assets-*`);
  return [
    ...readTemplates(),
    may(['sts:AssumeRole'], roles),
    may(['ecr:DescribeImages', 'ecr:DescribeImageScanFindings', 'ecr:DescribeImageSigningStatus'], [repositories]),
    may(['inspector2:ListCoverage', 'inspector2:ListFindings'], ['*']),
  ];
}

/** To act as an operator by the command line: what the platform says of itself, and the secret of that client. */
export const actAsOperator = (environmentNames: readonly string[]): PolicyStatement[] => [
  may(
    ['ssm:GetParameter', 'ssm:GetParameters', 'ssm:GetParametersByPath'],
    environmentNames.map((name) => arn('ssm', '*', `parameter/kolate/${name}/*`)),
  ),
  may(['secretsmanager:GetSecretValue'], [arn('secretsmanager', '*', 'secret:*')], {
    StringEquals: {
      'aws:ResourceTag/kolate:environment': environmentNames,
      'aws:ResourceTag/kolate:part': 'identity',
    },
  }),
  may(['kms:Decrypt'], [arn('kms', '*', 'key/*')], {
    StringLike: { 'kms:ViaService': 'secretsmanager.*.amazonaws.com' },
    StringEquals: { 'aws:ResourceTag/kolate:part': 'identity' },
  }),
];

export const whyWildcards: readonly WildcardReason[] = [
  [/:stack\/kolate-\*$/, 'Stacks of ours, in both regions; their ids have a part that CloudFormation makes.'],
  [/:role\/cdk-/, 'Roles of the bootstrap stacks, of which each region has its own.'],
  [/:repository\/cdk-/, 'Repositories of the bootstrap stacks, of which each region has its own.'],
  [/^Resource::\*$/, 'Findings of Amazon Inspector belong to no named resource.'],
  [/:parameter\/kolate\//, 'What the platform of one environment says of itself.'],
  [/:(secret:|key\/)\*$/, 'Found by its tags: the name has a part that Secrets Manager makes.'],
];
