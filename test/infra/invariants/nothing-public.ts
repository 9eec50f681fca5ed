import { type Assembly, type PlacedResource, resourcesOf } from '../../../lib/assembly/assembly';
import { at, isRecord, listOf, type Rule, statementsOf, type Violation } from './rule';

type Properties = Readonly<Record<string, unknown>>;
const everybody = ['0.0.0.0/0', '::/0'];
const opens = (rule: unknown): boolean =>
  everybody.includes(String(at(rule, 'CidrIp'))) || everybody.includes(String(at(rule, 'CidrIpv6')));
const blocks = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'];
const whoever = (principal: unknown): boolean => principal === '*' || listOf(at(principal, 'AWS')).includes('*');

/** Allows everybody something, and no condition narrows it. */
const givesAway = (document: unknown): boolean =>
  statementsOf(document).some(
    ({ effect, principal, condition }) => effect === 'Allow' && whoever(principal) && !isRecord(condition),
  );
const policyIn = (name: string) => (properties: Properties) =>
  givesAway(properties[name]) ? 'allows everybody something' : undefined;
const isPublic = (holds: boolean): string | undefined => (holds ? 'can be reached from the internet' : undefined);

const rules: Readonly<Record<string, (properties: Properties) => string | undefined>> = {
  'AWS::EC2::SecurityGroup': ({ SecurityGroupIngress }) => isPublic(listOf(SecurityGroupIngress).some(opens)),
  'AWS::EC2::SecurityGroupIngress': (properties) => isPublic(opens(properties)),
  'AWS::EC2::Subnet': ({ MapPublicIpOnLaunch }) =>
    MapPublicIpOnLaunch === true ? 'gives public addresses to whatever starts in it' : undefined,
  'AWS::ElasticLoadBalancingV2::LoadBalancer': ({ Scheme }) => isPublic(Scheme !== 'internal'),
  'AWS::RDS::DBInstance': ({ PubliclyAccessible }) => isPublic(PubliclyAccessible === true),
  'AWS::ECS::Service': ({ NetworkConfiguration }) =>
    isPublic(at(NetworkConfiguration, 'AwsvpcConfiguration.AssignPublicIp') === 'ENABLED'),
  'AWS::EC2::LaunchTemplate': ({ LaunchTemplateData }) =>
    isPublic(
      listOf(at(LaunchTemplateData, 'NetworkInterfaces')).some((one) => at(one, 'AssociatePublicIpAddress') === true),
    ),
  'AWS::S3::Bucket': ({ PublicAccessBlockConfiguration: block }) =>
    blocks.every((name) => at(block, name) === true) ? undefined : 'does not block public access',
  'AWS::MSK::Cluster': ({ BrokerNodeGroupInfo }) =>
    isPublic((at(BrokerNodeGroupInfo, 'ConnectivityInfo.PublicAccess.Type') ?? 'DISABLED') !== 'DISABLED'),
  'AWS::OpenSearchService::Domain': ({ VPCOptions }) => isPublic(VPCOptions === undefined),
  'AWS::Lambda::Url': ({ AuthType }) => isPublic(AuthType !== 'AWS_IAM'),
  'AWS::Lambda::Permission': ({ Principal }) => (Principal === '*' ? 'lets everybody call the function' : undefined),
  'AWS::ApiGateway::RestApi': ({ DisableExecuteApiEndpoint }) =>
    DisableExecuteApiEndpoint === true ? undefined : 'answers below execute-api, past CloudFront',
  'AWS::ApiGateway::DomainName': ({ MutualTlsAuthentication }) =>
    isRecord(MutualTlsAuthentication)
      ? undefined
      : 'takes requests from others than CloudFront, as it asks for no certificate',
  'AWS::S3::BucketPolicy': policyIn('PolicyDocument'),
  'AWS::SNS::TopicPolicy': policyIn('PolicyDocument'),
  'AWS::SQS::QueuePolicy': policyIn('PolicyDocument'),
  'AWS::KMS::Key': policyIn('KeyPolicy'),
  'AWS::SecretsManager::ResourcePolicy': policyIn('ResourcePolicy'),
  'AWS::ECR::Repository': policyIn('RepositoryPolicyText'),
  'AWS::Backup::BackupVault': policyIn('AccessPolicy'),
  'AWS::IAM::Role': policyIn('AssumeRolePolicyDocument'),
};

const check = (resource: PlacedResource): Violation[] => {
  const says = rules[resource.resource.Type]?.(resource.properties);
  return says === undefined ? [] : [{ at: resource, says }];
};

/** CloudFront is the one way in; the gRPC listener says for itself why it is another. */
export const nothingPublic: Rule = {
  name: 'nothing-public',
  check: (assembly: Assembly) => resourcesOf(assembly).flatMap(check),
};
