import { Match, Template } from 'aws-cdk-lib/assertions';
import { dev } from '../../../lib/config/dev';
import { tenantTemplateVersion } from '../../../lib/config/tenant-template-version';
import { addPlatform, createApp } from '../../../lib/platform-app';
import { TierPlans } from '../../../src/contracts/tier-plan';
import { readJsonVariable } from '../../../src/services/enterprise-info/provisioning/read-json-variable';

describe('the template of tenants', () => {
  const app = addPlatform(createApp({ analyticsReporting: false, builtinCloudFormationValidation: false }), dev);
  const stackNamed = (name: string) => {
    const stack = app.node.children.find(({ node }) => node.id === name);
    if (!stack) throw new Error(`no stack ${name}`);
    return Template.fromStack(stack as Parameters<typeof Template.fromStack>[0]);
  };
  const provisioning = stackNamed('kolate-dev-provisioning');
  const services = JSON.stringify(stackNamed('kolate-dev-services').findResources('AWS::ECS::TaskDefinition'));
  const file = `tenants/${tenantTemplateVersion}.json`;
  const callsOf = (): string[] =>
    Object.values(provisioning.findResources('Custom::AWS')).map(({ Properties }) => JSON.stringify(Properties));

  it('is kept, version by version, in a bucket that outlives its stack', () => {
    provisioning.hasResource('AWS::S3::Bucket', {
      ...{ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' },
      Properties: Match.objectLike({ VersioningConfiguration: { Status: 'Enabled' } }),
    });
  });

  it('is copied there under its version, which nothing takes away again', () => {
    const [copy, ...others] = callsOf().filter((call) => call.includes('copyObject'));
    expect(others).toEqual([]);
    expect(copy).toContain(file);
    for (const call of callsOf()) expect(JSON.parse(call)).not.toHaveProperty('Delete');
  });

  it('has its address in SSM by its version, and says which is current once it is there', () => {
    expect(callsOf().filter((call) => call.includes('putParameter'))).toEqual([
      expect.stringContaining(`/kolate/dev/tenants/template/${tenantTemplateVersion}`),
    ]);
    provisioning.hasResource('AWS::SSM::Parameter', {
      Properties: { Name: '/kolate/dev/tenants/template/current', Value: String(tenantTemplateVersion) },
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('^TemplateTell')]),
    });
  });

  it('is told to who makes tenants’ stacks by its version, from that bucket', () => {
    const [, url = ''] = /"Name":"KOLATE_TENANT_TEMPLATE_URL","Value":(.*?)\},\{"Name"/.exec(services) ?? [];
    expect(url).toContain(`/${file}`);
    expect(url).not.toContain('cdk-hnb659fds');
  });

  it('comes with what a tenant of each tier brings and costs, as the service reads it', () => {
    const [, text = ''] = /"Name":"KOLATE_TIER_PLANS","Value":"((?:[^"\\]|\\.)*)"/.exec(services) ?? [];
    const plans = readJsonVariable('KOLATE_TIER_PLANS', TierPlans, JSON.parse(`"${text}"`));
    expect(plans.map(({ tier, cost }) => [tier, cost.usdPerMonth > 0])).toEqual([
      ['pool', true],
      ['shared-cell', true],
      ['dedicated', true],
    ]);
  });
});
