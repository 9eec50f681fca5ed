import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { AlarmTopic } from '../constructs/alarm-topic';
import { KolateKey } from '../constructs/kolate-key';
import { KolateStack, type KolateStackProps } from './kolate-stack';

/** What every other stack of the region stands on: where alarms go. */
export class SecurityStack extends KolateStack {
  readonly alarmTopic: ITopic;

  constructor(scope: Construct, props: KolateStackProps) {
    super(scope, 'security', { ...props, stateful: true });
    const key = new KolateKey(this, 'Key', 'Alarms and trails of the platform');
    this.alarmTopic = new AlarmTopic(this, 'Alarms', { key, emails: props.environment.alarmEmails }).topic;
  }
}
