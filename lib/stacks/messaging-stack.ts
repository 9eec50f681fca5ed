import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { KolateKey } from '../constructs/kolate-key';
import { MessageBus } from '../constructs/message-bus';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export type MessagingStackProps = KolateStackProps & { readonly vpc: IVpc; readonly alarmTopic: ITopic };

/** Kafka and its topics. */
export class MessagingStack extends KolateStack {
  readonly bus: MessageBus;

  constructor(scope: Construct, props: MessagingStackProps) {
    super(scope, 'messaging', { ...props, stateful: true });
    const { vpc, alarmTopic, environment } = props;
    const { messaging, logDays } = environment;
    const key = new KolateKey(this, 'Key', 'What Kafka keeps');
    this.bus = new MessageBus(this, 'Bus', { vpc, key, alarmTopic, messaging, logDays });
  }
}
