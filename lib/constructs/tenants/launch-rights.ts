import { Stack } from 'aws-cdk-lib';
import type { ISubnet } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { TenantHosting } from './tenant-hosting';

export type LaunchRightsProps = {
  readonly hosting: Pick<TenantHosting, 'hostGroup' | 'hostProfile'>;
  /** Where hosts of tenants may be. */
  readonly subnets: readonly ISubnet[];
};

type Conditions = Record<string, Record<string, string>>;

/**
 * What making a group of hosts takes: Auto Scaling asks, with the rights of whoever makes or updates the group, whether they
 * could start an instance of the launch template, and EC2 asks that of each thing that comes with the instance. All of it
 * only through a launch template of a tenant. Not `ec2:IsLaunchTemplateResource`, which does not hold for the subnet: that
 * is named by the group.
 */
export function launchRights(scope: Construct, { hosting, subnets }: LaunchRightsProps): PolicyStatement[] {
  const { partition, region, account } = Stack.of(scope);
  const arn = (resource: string): string => `arn:${partition}:ec2:${region}:${account}:${resource}`;
  const templates = arn('launch-template/*');
  const run = (resources: string[], conditions: Conditions) =>
    new PolicyStatement({ actions: ['ec2:RunInstances'], resources, conditions });
  const byTemplate = (resources: string[], conditions: Conditions = {}) =>
    run(resources, { ...conditions, ArnLike: { 'ec2:LaunchTemplate': templates } });
  return [
    run([templates], { Null: { 'aws:ResourceTag/kolate:tenant': 'false' } }),
    byTemplate([
      ...subnets.map(({ subnetId }) => arn(`subnet/${subnetId}`)),
      arn(`security-group/${hosting.hostGroup.securityGroupId}`),
      arn('network-interface/*'),
    ]),
    // Images are nobody's account's in their ARN.
    byTemplate([`arn:${partition}:ec2:${region}::image/*`], { StringEquals: { 'ec2:Owner': 'amazon' } }),
    byTemplate([arn('volume/*')], { Bool: { 'ec2:Encrypted': 'true' } }),
    byTemplate([arn('instance/*')], {
      StringEquals: { 'ec2:MetadataHttpTokens': 'required' },
      ArnEquals: { 'ec2:InstanceProfile': hosting.hostProfile.instanceProfileArn },
    }),
    new PolicyStatement({
      actions: ['ec2:CreateTags'],
      resources: [arn('instance/*'), arn('volume/*')],
      conditions: { StringEquals: { 'ec2:CreateAction': 'RunInstances' } },
    }),
    // In an account that never had a group it is made with the first, by the rights of whoever makes that.
    new PolicyStatement({
      actions: ['iam:CreateServiceLinkedRole'],
      resources: [
        `arn:${partition}:iam::${account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
      ],
      conditions: { StringEquals: { 'iam:AWSServiceName': 'autoscaling.amazonaws.com' } },
    }),
  ];
}
