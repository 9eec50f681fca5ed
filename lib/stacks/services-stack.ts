import { CfnOutput, Validations } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { ServiceName } from '../../src/contracts/http/route';
import { apiAudience } from '../../src/contracts/scopes';
import { KolateKey } from '../constructs/kolate-key';
import { CursorRotation } from '../constructs/services/cursor-rotation';
import { DeploymentParameter } from '../constructs/services/deployment-parameter';
import type { KolateService } from '../constructs/services/kolate-service';
import { ServiceCluster } from '../constructs/services/service-cluster';
import { KolateStack, type KolateStackProps } from './kolate-stack';
import { addCore } from './services/add-core';
import { addEnterpriseInfo } from './services/add-enterprise-info';
import { addPredict } from './services/add-predict';
import { addPredictRegistry } from './services/add-predict-registry';
import type { ServicePlatform } from './services/service-platform';

export type ServicesStackProps = KolateStackProps &
  Omit<ServicePlatform, 'common' | 'cursors'> & {
    readonly vpc: IVpc;
    readonly permissionsBoundary: IManagedPolicy;
    readonly alarmTopic: ITopic;
  };

/** Every deployable of ours, with what each may do. */
export class ServicesStack extends KolateStack {
  readonly cluster: ServiceCluster;
  readonly services: { readonly [N in ServiceName]: KolateService<N> };

  constructor(scope: Construct, props: ServicesStackProps) {
    super(scope, 'services', props);
    const { vpc, environment, permissionsBoundary, alarmTopic } = props;
    const key = new KolateKey(this, 'Key', 'Logs of the services, and their keys');
    this.cluster = new ServiceCluster(this, 'Cluster', { vpc, key, environment });
    const common = { cluster: this.cluster, environment, permissionsBoundary, key, alarmTopic };
    const { logDays } = environment;
    const cursors = new CursorRotation(this, 'Cursors', { key, logDays, alarmTopic });
    const platform: ServicePlatform = { ...props, common, cursors };
    this.services = {
      core: addCore(this, platform),
      'enterprise-info': addEnterpriseInfo(this, platform),
      predict: addPredict(this, platform),
      'predict-registry': addPredictRegistry(this, platform),
    };
    this.tell(props);
    Validations.of(this).acknowledge({
      id: 'NIST.800.53.R5-IAMNoInlinePolicy',
      reason: 'Each policy is of one role and goes with it; a managed one could be attached elsewhere by mistake.',
    });
  }

  private tell({ environment, identity }: ServicesStackProps): void {
    const { name } = environment.domain;
    const { cli, operatorSecret } = identity.apps;
    new DeploymentParameter(this, 'Deployment', {
      environmentName: environment.name,
      deployment: {
        url: `https://api.${name}`,
        grpc: `grpc.${name}:443`,
        issuer: identity.issuerUrl,
        scopePrefix: `${apiAudience}/`,
        loginClientId: cli.userPoolClientId,
        operatorSecret: operatorSecret.secretArn,
      },
    });
    new CfnOutput(this, 'ClusterName', { value: this.cluster.cluster.clusterName, description: 'Of the services' });
    new CfnOutput(this, 'UserPoolId', { value: identity.userPool.userPoolId, description: 'Of people and clients' });
  }
}
