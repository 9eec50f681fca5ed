import type { App } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { explainWildcard } from '../constructs/explain-wildcard';
import { KolateKey } from '../constructs/kolate-key';
import type { MessageBus } from '../constructs/message-bus';
import { engineImage } from '../constructs/tenants/engine-image';
import { grantMeasure } from '../constructs/tenants/grant-measure';
import { ProvisioningRole, tenantStackPrefix } from '../constructs/tenants/provisioning-role';
import { StackNews } from '../constructs/tenants/stack-news';
import { hostImageParameter, TenantHosting } from '../constructs/tenants/tenant-hosting';
import { parameterPath, type Shared, type SharedName } from '../constructs/tenants/tenant-parameters';
import { TenantRotation } from '../constructs/tenants/tenant-rotation';
import { TenantTemplate } from '../constructs/tenants/tenant-template';
import { KolateStack, type KolateStackProps } from './kolate-stack';
import { TenantStack } from './tenant-stack';

export type ProvisioningStackProps = KolateStackProps & {
  readonly vpc: IVpc;
  readonly bus: MessageBus;
  readonly permissionsBoundary: iam.IManagedPolicy;
  readonly alarmTopic: ITopic;
  readonly accessLogs: IBucket;
};

/** What the onboarding saga needs to make the stacks of tenants: the template, a role, and what they stand on. */
export class ProvisioningStack extends KolateStack {
  readonly hosting: TenantHosting;
  readonly role: iam.Role;
  readonly template: TenantTemplate;
  private readonly rotation: IFunction;

  constructor(scope: Construct, props: ProvisioningStackProps) {
    super(scope, 'provisioning', { ...props, stateful: true });
    const { vpc, bus, permissionsBoundary: boundary, alarmTopic, environment } = props;
    const key = new KolateKey(this, 'Key', 'News of tenants’ stacks, and logs');
    this.hosting = new TenantHosting(this, 'Hosting', { vpc, boundary, environment });
    const { hosting } = this;
    const { clientGroup } = hosting;
    this.rotation = new TenantRotation(this, 'Rotation', { vpc, key, environment, alarmTopic, clientGroup }).function;
    this.role = new ProvisioningRole(this, 'Provisioning', {
      ...{ hosting, boundary, environment, rotation: this.rotation, subnets: hostSubnets(vpc) },
    }).role;
    const build = (app: App): TenantStack => new TenantStack(app, 'tenant', environment);
    this.template = new TenantTemplate(this, 'Template', { environment, build, key, accessLogs: props.accessLogs });
    new StackNews(this, 'News', { vpc, bus, key, logDays: environment.logDays, alarmTopic });
    this.tell(props);
  }

  /** Everything that the driver does: stacks of tenants, by the role and the template of this stack. */
  grantProvision(grantee: Construct & iam.IGrantable): void {
    const stacks = this.formatArn({
      service: 'cloudformation',
      resource: 'stack',
      resourceName: `${tenantStackPrefix}*`,
    });
    grantee.grantPrincipal.addToPrincipalPolicy(
      new iam.PolicyStatement({
        actions: [
          ...['CreateStack', 'DeleteStack', 'DescribeStacks', 'DescribeStackEvents', 'ContinueUpdateRollback'],
          ...['CreateChangeSet', 'DescribeChangeSet', 'ExecuteChangeSet', 'DeleteChangeSet'],
        ].map((action) => `cloudformation:${action}`),
        resources: [stacks],
      }),
    );
    this.role.grantPassRole(grantee.grantPrincipal);
    this.template.grantRead(grantee);
    if (this.environmentConfig.sharedCells.length > 0) grantMeasure(grantee);
    explainWildcard(grantee, stacks, 'Every tenant comes with a stack of its own, named after it.');
  }

  /** Writes down what the template of a tenant reads. */
  private tell({ vpc, permissionsBoundary, alarmTopic, environment }: ProvisioningStackProps): void {
    const { cluster, clientGroup, hostGroup, hostProfile, namespace, executionRole } = this.hosting;
    const subnets = hostSubnets(vpc);
    // Where there are two zones the third slot is in the first.
    const at = (slot: number) => subnets[(slot - 1) % subnets.length] as (typeof subnets)[number];
    const values: Shared = {
      cluster: cluster.clusterName,
      vpc: vpc.vpcId,
      clientGroup: clientGroup.securityGroupId,
      hostGroup: hostGroup.securityGroupId,
      hostProfile: hostProfile.instanceProfileArn,
      hostImage: StringParameter.valueForStringParameter(this, hostImageParameter),
      namespace: namespace.namespaceId,
      executionRole: executionRole.roleArn,
      boundary: permissionsBoundary.managedPolicyArn,
      alarmTopic: alarmTopic.topicArn,
      rotation: this.rotation.functionArn,
      postgresImage: engineImage(this, 'PostgresImage', 'postgres').imageUri,
      mongoImage: engineImage(this, 'MongoImage', 'mongo').imageUri,
      valkeyImage: engineImage(this, 'ValkeyImage', 'valkey').imageUri,
      ...{ subnet1: at(1).subnetId, subnet2: at(2).subnetId, subnet3: at(3).subnetId },
      ...{ zone1: at(1).availabilityZone, zone2: at(2).availabilityZone, zone3: at(3).availabilityZone },
    };
    for (const [name, stringValue] of Object.entries(values)) {
      new StringParameter(this, `Shared-${name}`, {
        parameterName: parameterPath(environment.name, name as SharedName),
        stringValue,
      });
    }
  }
}

/** Hosts need AWS and the image registry, to which the data subnets have no way. */
const hostSubnets = (vpc: IVpc) => vpc.selectSubnets({ subnetGroupName: 'app' }).subnets;
