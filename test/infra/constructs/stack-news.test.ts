import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { dev } from '../../../lib/config/dev';
import { KolateKey } from '../../../lib/constructs/kolate-key';
import { StackNews } from '../../../lib/constructs/tenants/stack-news';
import { createApp } from '../../../lib/platform-app';
import { MessagingStack } from '../../../lib/stacks/messaging-stack';
import { NetworkStack } from '../../../lib/stacks/network-stack';
import { SecurityStack } from '../../../lib/stacks/security-stack';

function synthesize(): Template {
  const environment = dev;
  const app = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
  const { alarmTopic } = new SecurityStack(app, { environment });
  const { vpc } = new NetworkStack(app, { environment, alarmTopic });
  const { bus, account, region } = new MessagingStack(app, { environment, vpc, alarmTopic });
  const stack = new Stack(app, 'Stack', { env: { account, region } });
  const key = new KolateKey(stack, 'Key', 'Test');
  new StackNews(stack, 'News', { vpc, bus, key, logDays: environment.logDays, alarmTopic });
  return Template.fromStack(stack);
}

describe('news of stacks', () => {
  const template = synthesize();

  it('are those of tenants’ stacks alone', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.cloudformation'],
        'detail-type': ['CloudFormation Stack Status Change'],
        detail: { 'stack-id': [{ wildcard: '*:stack/kolate-tenant-*' }] },
      },
    });
  });

  it('come again one by one, six timeouts later, and are put aside after five times', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
    template.hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 180,
      RedrivePolicy: { deadLetterTargetArn: Match.anyValue(), maxReceiveCount: 5 },
    });
  });

  it('are brought by a function that may write their topic and no other', () => {
    const written = JSON.stringify(template.findResources('AWS::IAM::Policy')).match(/\/[a-z.-]+\.v1\b/g);
    expect(new Set(written)).toEqual(new Set(['/stack.lifecycle.v1']));
  });
});
