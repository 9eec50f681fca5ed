import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { HealthCheck, HealthCheckType, PublicHostedZone } from 'aws-cdk-lib/aws-route53';
import { resourcesOf } from '../../../lib/assembly/assembly';
import { prod } from '../../../lib/config/prod';
import { prodStandby } from '../../../lib/config/prod-standby';
import { firewallRules } from '../../../lib/constructs/firewall-rules';
import { RegionalRecord, type RegionalRecordProps } from '../../../lib/constructs/regional-record';
import { createApp } from '../../../lib/platform-app';
import { synthesizedNeutral } from '../../helpers/synthesized';

const assembly = synthesizedNeutral('prod');
const of = (part: string, type: string) =>
  resourcesOf(assembly, type)
    .filter(({ stack }) => stack.part === part)
    .map(({ properties }) => properties);

describe('the firewall', () => {
  const rules = (traffic: 'http' | 'grpc', allowedArn?: string) =>
    firewallRules({ traffic, requestsPerFiveMinutes: 100, deniedArn: 'arn:denied', allowedArn });
  const names = (...args: Parameters<typeof rules>) => rules(...args).map(({ name }) => name);

  it('asks lists first, then how often, then what AWS knows to be bad', () => {
    expect(names('http', 'arn:allowed')).toEqual([
      ...['denied-addresses', 'not-allowed-addresses', 'too-many-requests', 'AWSManagedRulesAmazonIpReputationList'],
      ...['AWSManagedRulesCommonRuleSet', 'AWSManagedRulesKnownBadInputsRuleSet', 'AWSManagedRulesSQLiRuleSet'],
    ]);
    expect(rules('http').map(({ priority }) => priority)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('keeps everybody out who is on no list, where there is one, and nobody else', () => {
    expect(names('http')).not.toContain('not-allowed-addresses');
    const [rule] = rules('http', 'arn:allowed').filter(({ name }) => name === 'not-allowed-addresses');
    expect(rule).toMatchObject({
      action: { block: {} },
      statement: { notStatement: { statement: { ipSetReferenceStatement: { arn: 'arn:allowed' } } } },
    });
  });

  it('does not take tensors for attacks, nor a body of more than 8 KiB', () => {
    for (const { name, statement } of rules('http')) {
      if (!/CommonRuleSet|KnownBadInputs|SQLi/.test(name)) continue;
      const scope = { notStatement: { statement: { byteMatchStatement: { searchString: '/infer' } } } };
      expect(statement).toMatchObject({ managedRuleGroupStatement: { scopeDownStatement: scope } });
    }
    expect(JSON.stringify(rules('http'))).toContain('{"name":"SizeRestrictions_BODY","actionToUse":{"count":{}}}');
  });

  it('asks gRPC calls the same, about which WAF leaves out what its rules say of bodies', () => {
    expect(names('grpc', 'arn:allowed')).toEqual(['health-of-the-region', ...names('http', 'arn:allowed')]);
  });

  it('lets Route 53 see that the region is there, from whichever address', () => {
    expect(rules('grpc', 'arn:allowed')[0]).toMatchObject({
      action: { allow: {} },
      statement: { byteMatchStatement: { searchString: '/healthz', positionalConstraint: 'EXACTLY' } },
    });
  });

  it('stands before CloudFront and before gRPC, and writes down what it refuses, but no token', () => {
    expect(of('edge', 'AWS::WAFv2::WebACL')).toMatchObject([{ Scope: 'CLOUDFRONT' }]);
    expect(of('ingress', 'AWS::WAFv2::WebACL')).toMatchObject([{ Scope: 'REGIONAL' }]);
    expect(of('ingress', 'AWS::WAFv2::WebACLAssociation')).toMatchObject([
      { ResourceArn: { Ref: expect.stringMatching(/^GrpcBalancer/) } },
    ]);
    for (const part of ['edge', 'ingress']) {
      const [logging] = of(part, 'AWS::WAFv2::LoggingConfiguration');
      expect(JSON.stringify(logging?.LogDestinationConfigs)).not.toContain(':*');
      expect(logging?.RedactedFields).toContainEqual({ SingleHeader: { Name: 'authorization' } });
    }
  });
});

describe('CloudFront', () => {
  type Origin = Record<'Id' | 'DomainName', unknown> & { CustomOriginConfig?: unknown; VpcOriginConfig?: unknown };
  type Behaviour = Record<'PathPattern' | 'TargetOriginId' | 'ViewerProtocolPolicy', string> & {
    AllowedMethods?: string[];
  };
  type Group = {
    Id: string;
    FailoverCriteria: { StatusCodes: { Items: number[] } };
    Members: { Items: { OriginId: string }[] };
  };
  type Config = {
    Origins: Origin[];
    OriginGroups?: { Items: Group[] };
    DefaultCacheBehavior: Behaviour;
    CacheBehaviors: Behaviour[];
  };
  const configOf = (environment: string): Config => {
    const [found] = resourcesOf(synthesizedNeutral(environment), 'AWS::CloudFront::Distribution');
    return found?.properties.DistributionConfig as Config;
  };
  const config = configOf('prod');
  /** Where requests go, one after the other. */
  const waysOf = ({ OriginGroups }: Config, { TargetOriginId }: Behaviour): string[] => {
    const group = OriginGroups?.Items.find(({ Id }) => Id === TargetOriginId);
    return group ? group.Members.Items.map(({ OriginId }) => OriginId) : [TargetOriginId];
  };

  it('shows its certificate to API Gateway, over TLS 1.2 alone', () => {
    const [api] = config.Origins.filter(({ Id }) => Id === 'api');
    expect(api).toMatchObject({
      DomainName: 'origin-api.kolate.example.com',
      CustomOriginConfig: {
        OriginMtlsConfig: { ClientCertificateArn: expect.stringContaining('arn:aws:acm:us-east-1:') },
        OriginProtocolPolicy: 'https-only',
        OriginSSLProtocols: ['TLSv1.2'],
      },
    });
  });

  it('sends each path where it belongs', () => {
    const paths = ({ CacheBehaviors, ...rest }: Config) =>
      CacheBehaviors.map((behaviour) => [behaviour.PathPattern, ...waysOf({ ...rest, CacheBehaviors }, behaviour)]);
    const api = ['/v1/*', '/v2', '/v2/*'].map((path) => [path, 'api']);
    expect(paths(config)).toEqual([...api, ['/ws/*', 'sockets', 'sockets-standby']]);
    expect(paths(configOf('dev'))).toEqual([...api, ['/ws/*', 'sockets']]);
    for (const { ViewerProtocolPolicy } of config.CacheBehaviors) expect(ViewerProtocolPolicy).toBe('https-only');
    expect(config).toMatchObject({
      DefaultCacheBehavior: { ViewerProtocolPolicy: 'redirect-to-https' },
      ViewerCertificate: { MinimumProtocolVersion: 'TLSv1.2_2021' },
      Aliases: ['api.kolate.example.com', 'console.kolate.example.com'],
    });
  });

  it('has the console and the way of WebSockets in the second region too, and asks there where the first is away', () => {
    expect(waysOf(config, config.DefaultCacheBehavior)).toEqual(['console', 'console-standby']);
    expect(waysOf(configOf('dev'), configOf('dev').DefaultCacheBehavior)).toEqual(['console']);
    const originOf = (id: string) => config.Origins.find(({ Id }) => Id === id);
    expect(originOf('console-standby')).toMatchObject({
      DomainName: {
        'Fn::Join': [
          '',
          ['kolate-prod-standby-console-', { Ref: 'AWS::AccountId' }, expect.stringContaining('us-west-2')],
        ],
      },
      OriginAccessControlId: expect.anything(),
    });
    const [bucket] = resourcesOf(synthesizedNeutral('prod-standby'), 'AWS::S3::Bucket').filter(({ id }) =>
      /^Console/.test(id),
    );
    expect(bucket?.properties.BucketNamePrefix).toBe('kolate-prod-standby-console');
    const output = { StackName: 'kolate-prod-standby-ingress', OutputName: 'VpcOriginId', Region: 'us-west-2' };
    expect(originOf('sockets-standby')).toMatchObject({
      DomainName: 'internal-us-west-2.kolate.example.com',
      VpcOriginConfig: { VpcOriginId: { 'Fn::GetStackOutput': output } },
    });
    const ingress = synthesizedNeutral('prod-standby').stacks.find(({ name }) => name === output.StackName);
    expect(ingress?.region).toBe(output.Region);
    const [way] = resourcesOf(synthesizedNeutral('prod-standby'), 'AWS::CloudFront::VpcOrigin');
    expect(ingress?.template.Outputs?.[output.OutputName]?.Value).toEqual({ 'Fn::GetAtt': [way?.id, 'Id'] });
  });

  it('goes to the second region for reads alone, within seconds, and never since a service failed', () => {
    for (const { Id, ...origin } of config.Origins) {
      if (Id !== 'api') expect(origin).toMatchObject({ ConnectionAttempts: 2, ConnectionTimeout: 3 });
    }
    const [sockets] = config.CacheBehaviors.filter(({ PathPattern }) => PathPattern === '/ws/*');
    // CloudFront refuses a distribution that lets others through to a group.
    expect(sockets?.AllowedMethods).toEqual(['GET', 'HEAD', 'OPTIONS']);
    expect(config.DefaultCacheBehavior.AllowedMethods ?? ['GET', 'HEAD']).toEqual(['GET', 'HEAD']);
    const group = config.OriginGroups?.Items.find(({ Id }) => Id === sockets?.TargetOriginId);
    expect(group?.FailoverCriteria.StatusCodes.Items).toEqual([503, 504]);
  });

  it('reads the console as itself, and its way into the VPC has no tag that could be changed', () => {
    const [console] = config.Origins.filter(({ Id }) => Id === 'console');
    expect(console).toHaveProperty('OriginAccessControlId');
    expect(of('ingress', 'AWS::CloudFront::VpcOrigin')).toEqual([
      expect.not.objectContaining({ Tags: expect.anything() }),
    ]);
  });

  it('answers every address of the console that is no file with its page', () => {
    const [code] = of('front', 'AWS::CloudFront::Function').map(({ FunctionCode }) => String(FunctionCode));
    const handler = new Function(`${code}; return handler;`)() as (event: { request: { uri: string } }) => unknown;
    const answered = ['/', '/tenants/7', '/assets/app.3f2.js', '/favicon.ico'].map((uri) =>
      handler({ request: { uri } }),
    );
    expect(answered).toEqual([
      { uri: '/index.html' },
      { uri: '/index.html' },
      { uri: '/assets/app.3f2.js' },
      { uri: '/favicon.ico' },
    ]);
  });

  it('is there once for both regions', () => {
    expect(resourcesOf(synthesizedNeutral('prod-standby'), 'AWS::CloudFront::Distribution')).toEqual([]);
  });
});

describe('the load balancers', () => {
  it('take the internal one from API Gateway and CloudFront, and from nobody else', () => {
    const groups = of('ingress', 'AWS::EC2::SecurityGroup');
    const open = groups.filter(({ SecurityGroupIngress }) => SecurityGroupIngress !== undefined);
    expect(open.map(({ GroupDescription }) => GroupDescription)).toEqual(['gRPC from anywhere to the services']);
    const doors = ['api', 'ingress'].flatMap((part) => of(part, 'AWS::EC2::SecurityGroupIngress'));
    expect(doors.map(({ Description }) => Description)).toEqual(['API Gateway', 'CloudFront']);
  });

  it('answer Route 53 by themselves, before any rule of a service', () => {
    expect(of('ingress', 'AWS::ElasticLoadBalancingV2::ListenerRule')).toMatchObject([
      { Priority: 1, Actions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200' } }] },
    ]);
  });
});

describe('a name of two regions', () => {
  function recordOf(environment: RegionalRecordProps['environment'], checked = true) {
    const stack = new Stack(createApp({ analyticsReporting: false }), 'Stack');
    const zone = PublicHostedZone.fromPublicHostedZoneAttributes(stack, 'Zone', {
      hostedZoneId: 'Z1',
      zoneName: 'x.org',
    });
    const healthCheck = checked
      ? new HealthCheck(stack, 'Check', { type: HealthCheckType.HTTPS, fqdn: 'x.org' })
      : undefined;
    const alias = { dnsName: 'balancer.example.com', hostedZoneId: 'Z2' };
    new RegionalRecord(stack, 'Name', { zone, name: 'grpc.x.org', alias, healthCheck, environment });
    return Object.values(Template.fromStack(stack).findResources('AWS::Route53::RecordSet'))[0]?.Properties;
  }

  it('is the standby’s where the primary is not healthy', () => {
    const checked = { HealthCheckId: expect.anything(), AliasTarget: { EvaluateTargetHealth: false } };
    expect(recordOf(prod)).toMatchObject({ Failover: 'PRIMARY', SetIdentifier: 'us-east-1', ...checked });
    expect(recordOf(prodStandby)).toMatchObject({ Failover: 'SECONDARY', SetIdentifier: 'us-west-2', ...checked });
  });

  it('is that of the nearer region where both may answer', () => {
    const both = { ...prodStandby, edge: { ...prodStandby.edge, routing: 'latency' as const } };
    expect(recordOf(both)).toMatchObject({
      Region: 'us-west-2',
      SetIdentifier: 'us-west-2',
      HealthCheckId: expect.anything(),
    });
    expect(recordOf(both)).not.toHaveProperty('Failover');
  });

  it('is a plain one without a peer, and needs a health check with one', () => {
    const alone = recordOf({ ...prod, peer: undefined }, false);
    for (const name of ['Failover', 'Region', 'SetIdentifier', 'HealthCheckId']) expect(alone).not.toHaveProperty(name);
    expect(() => recordOf(prod, false)).toThrow('grpc.x.org has no health check; expected one');
  });
});
