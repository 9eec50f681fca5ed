import { Template } from 'aws-cdk-lib/assertions';
import { prod } from '../../../lib/config/prod';
import { createApp } from '../../../lib/platform-app';
import { MessagingStack } from '../../../lib/stacks/messaging-stack';
import { NetworkStack } from '../../../lib/stacks/network-stack';
import { ProvisioningStack } from '../../../lib/stacks/provisioning-stack';
import { SecurityStack } from '../../../lib/stacks/security-stack';
import { StorageStack } from '../../../lib/stacks/storage-stack';

type Conditions = Record<string, Record<string, unknown>>;
type Statement = { Action: string | string[]; Resource: unknown; Condition?: Conditions };

const app = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
const environment = prod;
const { alarmTopic, permissionsBoundary } = new SecurityStack(app, { environment });
const { vpc } = new NetworkStack(app, { environment, alarmTopic });
const { bus } = new MessagingStack(app, { environment, vpc, alarmTopic });
const { accessLogs } = new StorageStack(app, { environment, alarmTopic });
const template = Template.fromStack(
  new ProvisioningStack(app, { environment, vpc, bus, permissionsBoundary, alarmTopic, accessLogs }),
);
const [policy] = Object.entries(template.findResources('AWS::IAM::Policy')).filter(([id]) =>
  id.startsWith('ProvisioningRole'),
);
const statements = policy?.[1].Properties.PolicyDocument.Statement as Statement[];
const allowing = (action: string) => statements.filter(({ Action }) => [Action].flat().includes(action));
const resourcesOf = ({ Resource }: Statement): string[] => [Resource].flat().map((one) => JSON.stringify(one));
/** What a statement says of one type of resource in EC2. */
const launching = (type: string) =>
  allowing('ec2:RunInstances').filter((statement) => resourcesOf(statement).some((arn) => arn.includes(`:${type}/`)));

describe('the role that makes the stacks of tenants', () => {
  // Of all that EC2 asks RunInstances for where a launch template names an instance profile, image and group.
  it.each(['launch-template', 'instance', 'image', 'volume', 'network-interface', 'security-group', 'subnet'])(
    'may start a host where a group of hosts is made, as far as it is asked for its %s',
    (type) => expect(launching(type)).toHaveLength(1),
  );

  it('starts nothing but by a launch template that carries the tag of a tenant', () => {
    expect(launching('launch-template')[0]?.Condition).toEqual({ Null: { 'aws:ResourceTag/kolate:tenant': 'false' } });
    const others = allowing('ec2:RunInstances').filter((one) => one !== launching('launch-template')[0]);
    for (const { Condition } of others) {
      expect(JSON.stringify(Condition?.ArnLike?.['ec2:LaunchTemplate'])).toContain(':launch-template/*');
    }
  });

  it('starts hosts of Amazon’s images alone, encrypted, as what hosts of tenants are, in their subnets and group', () => {
    expect(launching('image')[0]?.Condition).toMatchObject({ StringEquals: { 'ec2:Owner': 'amazon' } });
    expect(launching('volume')[0]?.Condition).toMatchObject({ Bool: { 'ec2:Encrypted': 'true' } });
    expect(launching('instance')[0]?.Condition).toMatchObject({
      StringEquals: { 'ec2:MetadataHttpTokens': 'required' },
      ArnEquals: { 'ec2:InstanceProfile': { 'Fn::GetAtt': [expect.stringMatching(/HostProfile/), 'Arn'] } },
    });
    const places = launching('subnet').flatMap(resourcesOf);
    expect(places.filter((arn) => arn.includes(':subnet/'))).toHaveLength(3);
    expect(places.filter((arn) => /:(subnet|security-group)\/\*/.test(arn))).toEqual([]);
  });

  it('hands its hosts their role, and tags what it starts and nothing that was there', () => {
    const passing = allowing('iam:PassRole').map(({ Condition }) => Condition?.StringEquals?.['iam:PassedToService']);
    expect(passing).toContain('ec2.amazonaws.com');
    const ofInstances = allowing('ec2:CreateTags').filter((one) => resourcesOf(one).join().includes(':instance/'));
    expect(ofInstances.map(({ Condition }) => Condition)).toEqual([
      { StringEquals: { 'ec2:CreateAction': 'RunInstances' } },
    ]);
  });

  it('has Auto Scaling make its own role in an account that has never had a group, and no other role', () => {
    const [making, ...others] = allowing('iam:CreateServiceLinkedRole');
    expect(others).toEqual([]);
    expect(making?.Condition).toEqual({ StringEquals: { 'iam:AWSServiceName': 'autoscaling.amazonaws.com' } });
    expect(making && resourcesOf(making)).toEqual([
      expect.stringMatching(/:role\/aws-service-role\/autoscaling\.amazonaws\.com\/AWSServiceRoleForAutoScaling"$/),
    ]);
  });
});
