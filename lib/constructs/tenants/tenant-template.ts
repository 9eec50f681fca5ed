import type { App, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import type { TierPlan } from '../../../src/contracts/tier-plan';
import type { Environment } from '../../config/environment';
import { tierPlans } from '../../cost/tier-plans';
import { usageOf } from '../../cost/usage';
import { templateAsset } from './template-asset';

export type TenantTemplateProps = {
  readonly environment: Environment;
  /** Makes the stack of a tenant in the app that it is handed. */
  readonly build: (app: App) => Stack;
};

/** The template that the stacks of tenants are made from, as it is published, and what it makes of one more tenant. */
export class TenantTemplate extends Construct {
  readonly url: string;
  /** By the price list that this app was synthesized with. */
  readonly plans: readonly TierPlan[];
  private readonly asset: Asset;

  constructor(scope: Construct, id: string, { environment, build }: TenantTemplateProps) {
    super(scope, id);
    const { asset, template, bytes } = templateAsset(this, 'Asset', build);
    this.asset = asset;
    this.url = asset.httpUrl;
    const published = {
      ...{ name: 'kolate-tenant', part: 'tenant', region: environment.region, isProtected: false, template, bytes },
      ...{ file: '', paths: new Map<string, string>(), dependsOn: [] },
    };
    this.plans = tierPlans(environment.name, published, usageOf(environment.name));
  }

  /** CloudFormation reads it with the rights of whoever makes a stack. */
  grantRead(grantee: iam.IGrantable): void {
    const { bucket, s3ObjectKey } = this.asset;
    grantee.grantPrincipal.addToPrincipalPolicy(
      new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: [bucket.arnForObjects(s3ObjectKey)] }),
    );
  }
}
