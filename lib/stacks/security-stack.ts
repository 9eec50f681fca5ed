import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { AlarmTopic } from '../constructs/alarm-topic';
import { KolateKey } from '../constructs/kolate-key';
import { PermissionsBoundary } from '../constructs/permissions-boundary';
import { KolateStack, type KolateStackProps } from './kolate-stack';

/** What every other stack of the region stands on: where alarms go, and what roles may do at most. */
export class SecurityStack extends KolateStack {
  readonly alarmTopic: ITopic;
  /** The most that a role of a task or of a tenant may do. */
  readonly permissionsBoundary: IManagedPolicy;

  constructor(scope: Construct, props: KolateStackProps) {
    super(scope, 'security', { ...props, stateful: true });
    const { alarmEmails, name } = props.environment;
    const key = new KolateKey(this, 'Key', 'Alarms and trails of the platform');
    this.alarmTopic = new AlarmTopic(this, 'Alarms', { key, emails: alarmEmails }).topic;
    this.permissionsBoundary = new PermissionsBoundary(this, 'Boundary', { environmentName: name }).policy;
  }
}
