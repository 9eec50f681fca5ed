import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { PrivateDnsNamespace } from 'aws-cdk-lib/aws-servicediscovery';
import { Construct } from 'constructs';
import { enginePorts, sentinelPort, tenantZone } from '../../../src/contracts/tenant-hosts';
import type { Environment } from '../../config/environment';
import { explainPolicy } from '../explain-policy';
import { tenantSecretArn } from '../secret-folder';
import { cellMetrics } from './host-scripts';

/** Amazon's image for hosts of ECS, as it is at each deployment. */
export const hostImageParameter = '/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id';

export type TenantHostingProps = {
  readonly vpc: ec2.IVpc;
  readonly boundary: iam.IManagedPolicy;
  readonly environment: Pick<Environment, 'name'>;
};

/** What the stacks of all tenants stand on: a cluster, names, and what hosts and tasks may do. */
export class TenantHosting extends Construct {
  readonly cluster: ecs.Cluster;
  readonly namespace: PrivateDnsNamespace;
  /** Of services that may reach tenants' engines: theirs lets this group in. */
  readonly clientGroup: ec2.SecurityGroup;
  readonly hostGroup: ec2.SecurityGroup;
  readonly hostRole: iam.Role;
  readonly hostProfile: iam.InstanceProfile;
  readonly executionRole: iam.Role;

  constructor(scope: Construct, id: string, props: TenantHostingProps) {
    super(scope, id);
    const { vpc, boundary } = props;
    this.cluster = new ecs.Cluster(this, 'Cluster', { vpc, containerInsightsV2: ecs.ContainerInsights.ENABLED });
    this.namespace = new PrivateDnsNamespace(this, 'Names', { vpc, name: tenantZone });
    this.clientGroup = new ec2.SecurityGroup(this, 'Clients', {
      vpc,
      description: 'May reach the engines of tenants',
      allowAllOutbound: false,
    });
    for (const [engine, port] of Object.entries({ ...enginePorts, Sentinel: sentinelPort })) {
      this.clientGroup.addEgressRule(ec2.Peer.ipv4(vpc.vpcCidrBlock), ec2.Port.tcp(port), `${engine} of tenants`);
    }
    this.hostGroup = new ec2.SecurityGroup(this, 'HostGroup', {
      vpc,
      description: 'Hosts of tenants: nobody comes in',
      allowAllOutbound: false,
    });
    this.hostGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(443), 'AWS and the image registry, by TLS');
    this.hostRole = this.makeHostRole(boundary);
    this.hostProfile = new iam.InstanceProfile(this, 'HostProfile', { role: this.hostRole });
    this.executionRole = this.makeExecutionRole(props);
  }

  private makeHostRole(boundary: iam.IManagedPolicy): iam.Role {
    const role = new iam.Role(this, 'HostRole', {
      assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
      description: 'Hosts of tenants: join their cluster and take their own volume',
      permissionsBoundary: boundary,
    });
    const { region, account, partition } = Stack.of(this);
    const clusterArn = this.cluster.clusterArn;
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: [
          'ecs:RegisterContainerInstance',
          'ecs:DeregisterContainerInstance',
          'ecs:UpdateContainerInstancesState',
        ],
        resources: [clusterArn],
      }),
    );
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: [
          'ecs:Poll',
          'ecs:StartTelemetrySession',
          'ecs:SubmitContainerStateChange',
          'ecs:SubmitTaskStateChange',
        ],
        resources: ['*'],
        conditions: { ArnEquals: { 'ecs:cluster': clusterArn } },
      }),
    );
    role.addToPolicy(new iam.PolicyStatement({ actions: ['ecs:DiscoverPollEndpoint'], resources: ['*'] }));
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['ec2:AttachVolume'],
        resources: [
          `arn:${partition}:ec2:${region}:${account}:volume/*`,
          `arn:${partition}:ec2:${region}:${account}:instance/*`,
        ],
        conditions: { Null: { 'aws:ResourceTag/kolate:cell': 'false' } },
      }),
    );
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKeyWithoutPlaintext'],
        resources: [`arn:${partition}:kms:${region}:${account}:key/*`],
        conditions: { StringEquals: { 'kms:ViaService': `ec2.${region}.amazonaws.com` } },
      }),
    );
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['cloudwatch:PutMetricData'],
        resources: ['*'],
        conditions: { StringEquals: { 'cloudwatch:namespace': cellMetrics.namespace } },
      }),
    );
    explainPolicy(role, [
      [/:(volume|instance)\/\*$/, 'Only what carries the tag of a cell, and a host takes its own volume.'],
      [/:key\/\*$/, 'Only through EC2, for the volume of the host.'],
      [
        /^Resource::\*$/,
        'The agent of ECS polls no named resource, and metrics have none; what can be is bound to the cluster or namespace.',
      ],
    ]);
    return role;
  }

  private makeExecutionRole({ boundary, environment }: TenantHostingProps): iam.Role {
    const role = new iam.Role(this, 'ExecutionRole', {
      assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com'),
      description: 'Starts the engines of tenants: images, logs and their credentials',
      permissionsBoundary: boundary,
    });
    const { region, account, partition } = Stack.of(this);
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['secretsmanager:GetSecretValue'],
        resources: [tenantSecretArn(this, environment)],
      }),
    );
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [`arn:${partition}:logs:${region}:${account}:log-group:kolate-tenant-*`],
      }),
    );
    role.addToPolicy(new iam.PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }));
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchCheckLayerAvailability'],
        resources: [`arn:${partition}:ecr:${region}:${account}:repository/cdk-*`],
      }),
    );
    explainPolicy(role, [
      [/:secret:kolate\//, 'Every tenant comes with secrets of its own, named after it.'],
      [/:log-group:/, 'Every tenant’s stack has a log group, named after it.'],
      [/:repository\//, 'The repository of images that cdk bootstrap made.'],
      [/^Resource::\*$/, 'A token of the registry is for no named resource.'],
    ]);
    return role;
  }
}
