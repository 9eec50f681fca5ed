import { Duration, Stack } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Environment } from '../../config/environment';
import { explainWildcard } from '../explain-wildcard';
import { KolateLambda } from '../kolate-lambda';
import { letSecretsManagerCall, rotationActions } from '../rotation-schedule';
import { storesOnly, tenantSecretArn } from '../secret-folder';
import { tenantStackPrefix } from './provisioning-role';

export type TenantRotationProps = {
  readonly vpc: IVpc;
  /** A `KolateKey`. */
  readonly key: IKey;
  readonly environment: Pick<Environment, 'name' | 'logDays'>;
  readonly alarmTopic: ITopic;
  /** Who is in it may reach the engines of tenants. */
  readonly clientGroup: ISecurityGroup;
};

/** Rotates the passwords of all tenants' stores, whose stacks have the schedules: src/platform/rotation/rotate-tenant-stores.ts. */
export class TenantRotation extends Construct {
  readonly function: IFunction;

  constructor(scope: Construct, id: string, props: TenantRotationProps) {
    super(scope, id);
    const { vpc, key, environment, alarmTopic, clientGroup } = props;
    const lambda = new KolateLambda(this, 'Function', {
      handler: 'rotate-tenant-stores',
      description: 'Rotates the passwords of tenants’ stores',
      environment: {},
      ...{ vpc, key, logDays: environment.logDays, alarmTopic },
      groups: [clientGroup],
      async: true,
      concurrency: { unlimitedBecause: 'It runs once a tenant and quarter; a limit would be taken from all others.' },
      timeout: Duration.seconds(60),
    });
    const stacks = Stack.of(this).formatArn({
      service: 'cloudformation',
      resource: 'stack',
      resourceName: `${tenantStackPrefix}*`,
    });
    const passwords = tenantSecretArn(this, environment, storesOnly);
    const certificates = tenantSecretArn(this, environment, '*/tls-??????');
    for (const statement of [
      { actions: rotationActions, resources: [passwords] },
      { actions: ['secretsmanager:GetSecretValue'], resources: [certificates] },
      // How many members a tenant's engines have.
      { actions: ['cloudformation:DescribeStacks'], resources: [stacks] },
    ]) {
      lambda.grantPrincipal.addToPrincipalPolicy(new PolicyStatement(statement));
    }
    letSecretsManagerCall(lambda);
    this.function = lambda.function;
    for (const arn of [passwords, certificates, stacks]) {
      explainWildcard(lambda, arn, 'Every tenant comes with secrets and a stack of its own, named after it.');
    }
  }
}
