import { Aws, Validations } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

export type AlarmTopicProps = { readonly key: IKey; readonly emails: readonly string[] };

/** Where every alarm of a region goes: encrypted, TLS only, mailed to those whom the environment names. */
export class AlarmTopic extends Construct {
  readonly topic: ITopic;

  constructor(scope: Construct, id: string, { key, emails }: AlarmTopicProps) {
    super(scope, id);
    const topic = new Topic(this, 'Topic', { masterKey: key, enforceSSL: true });
    for (const email of emails) topic.addSubscription(new EmailSubscription(email));
    // Without it alarms vanish in silence: CloudWatch cannot encrypt what it sends.
    const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    });
    key.grantEncryptDecrypt(cloudWatch);
    // A topic without a policy lets its account's alarms in; one whose policy only refuses plain HTTP lets nobody in.
    topic.grantPublish(cloudWatch);
    Validations.of(topic).acknowledge({
      id: 'Serverless-SNSRedrivePolicy',
      reason: 'SNS tries a mail again by itself, and an alarm that was not mailed still stands in the console.',
    });
    this.topic = topic;
  }
}
