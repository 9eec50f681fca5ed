import { type Assembly, resourcesOf } from '../../../lib/assembly/assembly';
import { at, follow, isRecord, listOf, ofEach, type Rule, statementsOf, type Violation } from './rule';

type Properties = Readonly<Record<string, unknown>>;

const rules: Readonly<Record<string, (properties: Properties) => string | undefined>> = {
  'AWS::ElasticLoadBalancingV2::Listener': (properties) => {
    const redirects = listOf(properties.DefaultActions).every((action) => at(action, 'Type') === 'redirect');
    if (properties.Protocol === 'HTTP') return redirects ? undefined : 'answers without TLS';
    return /TLS13/.test(String(properties.SslPolicy))
      ? undefined
      : `has SslPolicy ${String(properties.SslPolicy)}; expected one with TLS 1.3`;
  },
  'AWS::ElasticLoadBalancingV2::TargetGroup': ({ Protocol }) =>
    Protocol === 'HTTPS' || Protocol === 'TLS'
      ? undefined
      : `speaks ${String(Protocol)} with its targets; expected HTTPS`,
  'AWS::CloudFront::Distribution': distribution,
  'AWS::ApiGateway::DomainName': ({ SecurityPolicy }) =>
    /^(TLS_1_2|SecurityPolicy_TLS1[23]_.+)$/.test(String(SecurityPolicy)) ? undefined : 'takes TLS below 1.2',
  'AWS::ApiGateway::Method': ({ Integration }) =>
    /"http:\/\//.test(JSON.stringify(Integration ?? {})) ? 'passes requests on without TLS' : undefined,
  'AWS::MSK::Cluster': ({ EncryptionInfo, ClientAuthentication }) => {
    const wire = at(EncryptionInfo, 'EncryptionInTransit');
    if (at(wire, 'ClientBroker') !== 'TLS' || at(wire, 'InCluster') !== true) return 'takes clients without TLS';
    return at(ClientAuthentication, 'Unauthenticated.Enabled') === true ? 'takes clients that nobody knows' : undefined;
  },
  'AWS::ElastiCache::ReplicationGroup': ({ TransitEncryptionEnabled, TransitEncryptionMode = 'required' }) =>
    TransitEncryptionEnabled === true && TransitEncryptionMode === 'required' ? undefined : 'takes clients without TLS',
  'AWS::OpenSearchService::Domain': ({ DomainEndpointOptions, NodeToNodeEncryptionOptions }) => {
    const isTls = at(DomainEndpointOptions, 'EnforceHTTPS') === true;
    if (!isTls || at(NodeToNodeEncryptionOptions, 'Enabled') !== true) return 'takes clients without TLS';
    const policy = String(at(DomainEndpointOptions, 'TLSSecurityPolicy'));
    return policy.startsWith('Policy-Min-TLS-1-2-')
      ? undefined
      : `has TLSSecurityPolicy ${policy}; expected TLS 1.2 at least`;
  },
};

function distribution({ DistributionConfig: config }: Properties): string | undefined {
  const behaviours = [at(config, 'DefaultCacheBehavior'), ...listOf(at(config, 'CacheBehaviors'))];
  if (
    behaviours.some((one) => !['https-only', 'redirect-to-https'].includes(String(at(one, 'ViewerProtocolPolicy'))))
  ) {
    return 'answers without TLS';
  }
  const policy = String(at(config, 'ViewerCertificate.MinimumProtocolVersion'));
  if (!/^TLSv1\.[23]_20(2[1-9]|[3-9])/.test(policy))
    return `has MinimumProtocolVersion ${policy}; expected TLSv1.2_2021 or later`;
  const origins = listOf(at(config, 'Origins')).flatMap((origin) =>
    ['CustomOriginConfig', 'VpcOriginConfig'].map((kind) => at(origin, `${kind}.OriginProtocolPolicy`)),
  );
  return origins.every((policy) => policy === undefined || policy === 'https-only') ? undefined : 'fetches without TLS';
}

/** Of what is reached by AWS' API, the policy has to refuse plain requests. */
const guarded = [
  { type: 'AWS::S3::Bucket', policy: 'AWS::S3::BucketPolicy', refers: 'Bucket' },
  { type: 'AWS::SNS::Topic', policy: 'AWS::SNS::TopicPolicy', refers: 'Topics' },
  { type: 'AWS::SQS::Queue', policy: 'AWS::SQS::QueuePolicy', refers: 'Queues' },
];

function unguarded(assembly: Assembly): Violation[] {
  return guarded.flatMap(({ type, policy, refers }) => {
    const safe = resourcesOf(assembly, policy)
      .filter(({ properties }) => refusesPlain(properties.PolicyDocument))
      .flatMap(({ stack, properties }) => listOf(properties[refers]).map((value) => follow(assembly, stack, value)))
      .map((found) => found && `${found.stack.name}/${found.id}`);
    return resourcesOf(assembly, type)
      .filter(({ stack, id }) => !safe.includes(`${stack.name}/${id}`))
      .map((resource) => ({ at: resource, says: 'has no policy that refuses requests without TLS' }));
  });
}

const refusesPlain = (document: unknown): boolean =>
  statementsOf(document).some(
    ({ effect, condition }) => effect === 'Deny' && String(at(condition, 'Bool.aws:SecureTransport')) === 'false',
  );

/** Databases say it in their parameters. */
const parameters = [
  { type: 'AWS::RDS::DBCluster', parameter: 'rds.force_ssl', values: ['1'] },
  { type: 'AWS::DocDB::DBCluster', parameter: 'tls', values: ['enabled', 'tls1.2+', 'tls1.3+'] },
];

function openDatabases(assembly: Assembly): Violation[] {
  return parameters.flatMap(({ type, parameter, values }) =>
    ofEach(type, ({ DBClusterParameterGroupName }, { stack }) => {
      const group = follow(assembly, stack, DBClusterParameterGroupName);
      // Not `at`: the name has a dot in it.
      const all = group?.properties.Parameters;
      const set = isRecord(all) ? all[parameter] : undefined;
      return values.includes(String(set))
        ? undefined
        : `has ${parameter} ${String(set)}; expected ${values.join(' or ')}`;
    })(assembly),
  );
}

export const encryptedInTransit: Rule = {
  name: 'encrypted-in-transit',
  check: (assembly) => [
    ...Object.entries(rules).flatMap(([type, rule]) => ofEach(type, rule)(assembly)),
    ...unguarded(assembly),
    ...openDatabases(assembly),
  ],
};
