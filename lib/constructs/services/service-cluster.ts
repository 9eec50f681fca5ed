import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { type IRole, ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { NamespaceType } from 'aws-cdk-lib/aws-servicediscovery';
import { Construct } from 'constructs';
import type { Environment } from '../../config/environment';
import { MeshAuthority, type MeshTls } from './mesh-authority';
import { TaskStops } from './task-stops';

export type ServiceClusterProps = {
  readonly vpc: IVpc;
  /** Of the logs; a `KolateKey`. */
  readonly key: IKey;
  readonly environment: Environment;
};

/** Where services run: Fargate, a namespace by which they find each other, a record of why tasks ended. */
export class ServiceCluster extends Construct {
  readonly cluster: ecs.Cluster;
  readonly taskStops: TaskStops;
  /** As whom ECS moves a deployment's share of the requests. */
  readonly balancingRole: IRole;
  /** TLS between services; absent where the environment has no private authority. */
  readonly meshTls: MeshTls | undefined;

  constructor(scope: Construct, id: string, { vpc, key, environment }: ServiceClusterProps) {
    super(scope, id);
    const { logDays, features } = environment;
    this.cluster = new ecs.Cluster(this, 'Cluster', {
      vpc,
      enableFargateCapacityProviders: true,
      containerInsightsV2: features.containerInsights ? ecs.ContainerInsights.ENHANCED : ecs.ContainerInsights.DISABLED,
      defaultCloudMapNamespace: {
        name: `kolate-${environment.name}`,
        type: NamespaceType.HTTP,
        useForServiceConnect: true,
      },
    });
    this.taskStops = new TaskStops(this, 'Stops', { cluster: this.cluster, key, logDays });
    this.balancingRole = this.roleOfEcs('Balancing', 'AmazonECSInfrastructureRolePolicyForLoadBalancers');
    if (features.privateCa) {
      const role = this.roleOfEcs(
        'Certificates',
        'service-role/AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity',
      );
      this.meshTls = new MeshAuthority(this, 'Authority', { key, role, environmentName: environment.name }).tls;
    }
    this.explainInsights(features.containerInsights);
  }

  private roleOfEcs(id: string, policy: string): Role {
    const role = new Role(this, id, {
      assumedBy: new ServicePrincipal('ecs.amazonaws.com'),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(policy)],
    });
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policy}]`,
      reason:
        'ECS acts with it in our name; AWS keeps it as narrow as the feature allows, and changes it with the feature.',
    });
    role.applyRemovalPolicy(RemovalPolicy.DESTROY);
    return role;
  }

  private explainInsights(on: boolean): void {
    const because = (id: string, reason: string) => Validations.of(this.cluster).acknowledge({ id, reason });
    const off = 'Paid by the metric; the environment has them switched off, and alarms use those that cost nothing.';
    if (!on) because('AwsSolutions-ECS4', off);
    because('cdk-validator-cfnguard::ecs_container_insights_enabled_check', on ? 'They are: `enhanced`.' : off);
  }
}
