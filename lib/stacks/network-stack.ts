import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { PlatformVpc } from '../constructs/platform-vpc';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export class NetworkStack extends KolateStack {
  readonly vpc: IVpc;

  constructor(scope: Construct, props: KolateStackProps) {
    super(scope, 'network', props);
    this.vpc = new PlatformVpc(this, 'Network', props.environment.network).vpc;
  }
}
