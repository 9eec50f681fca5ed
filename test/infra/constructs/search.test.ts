import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { SecurityGroup, type Vpc } from 'aws-cdk-lib/aws-ec2';
import { dev } from '../../../lib/config/dev';
import type { Environment } from '../../../lib/config/environment';
import { prod } from '../../../lib/config/prod';
import { createApp } from '../../../lib/platform-app';
import { NetworkStack } from '../../../lib/stacks/network-stack';
import { SearchStack } from '../../../lib/stacks/search-stack';
import { SecurityStack } from '../../../lib/stacks/security-stack';
import { synthesized as assembled, everything } from '../../helpers/synthesized';

const withSearch = (environment: Environment): Environment => ({
  ...environment,
  features: { ...environment.features, search: true },
});

function synthesized(environment: Environment) {
  const app = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
  const { alarmTopic, permissionsBoundary } = new SecurityStack(app, { environment });
  const network = new NetworkStack(app, { environment, alarmTopic });
  const stack = new SearchStack(app, { environment, vpc: network.vpc, alarmTopic, permissionsBoundary });
  const clients = new Stack(app, 'clients', { env: { account: stack.account, region: stack.region } });
  return { stack, network, clients };
}

const domainType = 'AWS::OpenSearchService::Domain';

describe.each([dev, prod].map(withSearch))('search in $name', (environment) => {
  const { stack, network, clients } = synthesized(environment);
  const vpc = network.vpc as Vpc;
  const peer = new SecurityGroup(clients, 'Peer', { vpc, allowAllOutbound: false });
  stack.search.allowFrom({ connections: peer.connections });
  const template = Template.fromStack(stack);

  it('is encrypted with its own key, on the wire as well, and stays when its stack goes', () => {
    template.hasResource(domainType, {
      ...{ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' },
      UpdatePolicy: { EnableVersionUpgrade: true },
      Properties: Match.objectLike({
        EncryptionAtRestOptions: { Enabled: true, KmsKeyId: { Ref: Match.stringLikeRegexp('^Key') } },
        NodeToNodeEncryptionOptions: { Enabled: true },
        DomainEndpointOptions: { EnforceHTTPS: true, TLSSecurityPolicy: 'Policy-Min-TLS-1-2-PFS-2023-10' },
      }),
    });
    expect(stack.terminationProtection).toBe(true);
  });

  it('knows nobody by a password, and hears signed requests of this account alone', () => {
    template.hasResourceProperties(domainType, {
      AdvancedSecurityOptions: {
        Enabled: true,
        InternalUserDatabaseEnabled: false,
        MasterUserOptions: { MasterUserARN: { 'Fn::GetAtt': [Match.stringLikeRegexp('Admin'), 'Arn'] } },
      },
      AccessPolicies: {
        Statement: [Match.objectLike({ Effect: 'Allow', Principal: { AWS: Match.not('*') } })],
      },
    });
    template.resourceCountIs('AWS::SecretsManager::Secret', 0);
  });

  it('has a name that OpenSearch takes', () => {
    const [domain] = Object.values(template.findResources(domainType));
    expect(domain?.Properties.DomainName).toMatch(/^[a-z][a-z0-9-]{2,27}$/);
  });

  it('writes its four logs into groups that end, and may write to no others', () => {
    const [domain] = Object.values(template.findResources(domainType));
    const options = domain?.Properties.LogPublishingOptions as Record<string, object>;
    const kinds = ['AUDIT_LOGS', 'ES_APPLICATION_LOGS', 'INDEX_SLOW_LOGS', 'SEARCH_SLOW_LOGS'];
    expect(Object.keys(options).sort()).toEqual(kinds);
    template.allResourcesProperties('AWS::Logs::LogGroup', {
      RetentionInDays: environment.logDays,
      LogGroupName: Match.stringLikeRegexp(`^/aws/opensearch/${domain?.Properties.DomainName}/`),
    });
    expect(JSON.stringify(template.findResources('AWS::Logs::ResourcePolicy'))).not.toContain('log-group:*');
    expect(domain?.DependsOn).toEqual(expect.arrayContaining([expect.stringMatching(/LogsPolicy/)]));
  });

  it('lets in who is allowed, by rules that stand with that one', () => {
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    Template.fromStack(clients).hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      ...{ FromPort: 443, ToPort: 443, Description: 'OpenSearch over TLS' },
    });
  });

  it('is reached through the fence around the data subnets, on its one port and from app subnets', () => {
    const into = { Egress: false, PortRange: { From: 443, To: 443 }, Protocol: 6, RuleAction: 'allow' };
    const entries = Template.fromStack(network).findResources('AWS::EC2::NetworkAclEntry', { Properties: into });
    expect(Object.keys(entries)).toHaveLength(environment.network.zones.length);
    for (const id of Object.keys(entries)) expect(id).toMatch(/SearchFromapp/);
  });
});

describe('search', () => {
  const domainOf = (environment: Environment) =>
    Object.values(Template.fromStack(synthesized(withSearch(environment)).stack).findResources(domainType))[0]
      ?.Properties;

  it('has one node where it is to cost little, in one zone', () => {
    const { ClusterConfig, VPCOptions } = domainOf(dev);
    expect(ClusterConfig).toEqual({
      ...{ InstanceType: 't3.small.search', InstanceCount: 1, ZoneAwarenessEnabled: false },
      ...{ DedicatedMasterEnabled: false, MultiAZWithStandbyEnabled: false },
    });
    expect(VPCOptions.SubnetIds).toHaveLength(1);
  });

  it('has leaders of its own, and a zone that stands by, in production', () => {
    const { ClusterConfig, VPCOptions } = domainOf(prod);
    expect(ClusterConfig).toMatchObject({
      ...{ InstanceCount: 3, ZoneAwarenessEnabled: true, ZoneAwarenessConfig: { AvailabilityZoneCount: 3 } },
      ...{ DedicatedMasterEnabled: true, DedicatedMasterCount: 3, MultiAZWithStandbyEnabled: true },
    });
    expect(VPCOptions.SubnetIds).toHaveLength(3);
  });

  it('is there by its switch alone', () => {
    const partsOf = (name: string): readonly string[] => assembled(name).stacks.map(({ part }) => part);
    expect(partsOf('prod')).not.toContain('search');
    expect(partsOf(everything)).toContain('search');
  });
});
