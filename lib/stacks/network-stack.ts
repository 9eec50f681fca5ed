import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { KolateKey } from '../constructs/kolate-key';
import { PlatformVpc } from '../constructs/platform-vpc';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export type NetworkStackProps = KolateStackProps & { readonly alarmTopic: ITopic };

/** The network that everything else of a region lives in. */
export class NetworkStack extends KolateStack {
  readonly vpc: IVpc;

  constructor(scope: Construct, props: NetworkStackProps) {
    super(scope, 'network', props);
    const { network, logDays, features } = props.environment;
    const { alarmTopic } = props;
    const key = new KolateKey(this, 'Key', 'Log of the flows of the network');
    this.vpc = new PlatformVpc(this, 'Network', { network, search: features.search, logDays, key, alarmTopic }).vpc;
  }
}
