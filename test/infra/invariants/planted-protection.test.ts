import { dev, prod } from '../../helpers/neutral-environments';
import { encryptedAtRest } from './encrypted-at-rest';
import { encryptedInTransit } from './encrypted-in-transit';
import { accountsIn, noSecrets } from './no-secrets';
import { noWildcards } from './no-wildcards';
import { nothingPublic } from './nothing-public';
import { allowing, holds, resource } from './planted';

const plainDenied = {
  Statement: [
    { Effect: 'Deny', Principal: '*', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
  ],
};
const blocked = { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true };

holds(encryptedAtRest, [
  ['takes an encrypted bucket', { Bucket: resource('AWS::S3::Bucket', { BucketEncryption: {} }) }, []],
  ['finds a bucket that is not', { Bucket: resource('AWS::S3::Bucket') }, ['Bucket is not encrypted at rest']],
  ['finds a log group without a key', { Log: resource('AWS::Logs::LogGroup') }, ['Log is not encrypted at rest']],
  [
    'asks about a type that it does not know',
    { Ledger: resource('AWS::QLDB::Ledger') },
    ['Ledger is of type AWS::QLDB::Ledger, of which this rule does not know whether it keeps data'],
  ],
]);

holds(encryptedInTransit, [
  [
    'finds a listener without TLS',
    {
      Listener: resource('AWS::ElasticLoadBalancingV2::Listener', {
        Protocol: 'HTTP',
        DefaultActions: [{ Type: 'forward' }],
      }),
    },
    ['Listener answers without TLS'],
  ],
  [
    'finds targets that are spoken to without TLS',
    { Targets: resource('AWS::ElasticLoadBalancingV2::TargetGroup', { Protocol: 'HTTP' }) },
    ['Targets speaks HTTP with its targets; expected HTTPS'],
  ],
  [
    'finds a domain that takes old TLS, and takes one that does not',
    {
      Old: resource('AWS::ApiGateway::DomainName', { SecurityPolicy: 'TLS_1_0' }),
      New: resource('AWS::ApiGateway::DomainName', { SecurityPolicy: 'TLS_1_2' }),
    },
    ['Old takes TLS below 1.2'],
  ],
  [
    'finds a search domain that takes old TLS',
    {
      Search: resource('AWS::OpenSearchService::Domain', {
        DomainEndpointOptions: { EnforceHTTPS: true, TLSSecurityPolicy: 'Policy-Min-TLS-1-0-2019-07' },
        NodeToNodeEncryptionOptions: { Enabled: true },
      }),
    },
    ['Search has TLSSecurityPolicy Policy-Min-TLS-1-0-2019-07; expected TLS 1.2 at least'],
  ],
  [
    'finds brokers that take plain clients',
    {
      Kafka: resource('AWS::MSK::Cluster', {
        EncryptionInfo: { EncryptionInTransit: { ClientBroker: 'TLS_PLAINTEXT' } },
      }),
    },
    ['Kafka takes clients without TLS'],
  ],
  [
    'finds a distribution that does',
    {
      Cdn: resource('AWS::CloudFront::Distribution', {
        DistributionConfig: { DefaultCacheBehavior: { ViewerProtocolPolicy: 'allow-all' } },
      }),
    },
    ['Cdn answers without TLS'],
  ],
  [
    'finds a bucket whose policy takes plain requests',
    {
      Bucket: resource('AWS::S3::Bucket'),
      Policy: resource('AWS::S3::BucketPolicy', { Bucket: { Ref: 'Bucket' }, PolicyDocument: {} }),
    },
    ['Bucket has no policy that refuses requests without TLS'],
  ],
  [
    'takes one whose policy refuses them',
    {
      Bucket: resource('AWS::S3::Bucket'),
      Policy: resource('AWS::S3::BucketPolicy', { Bucket: { Ref: 'Bucket' }, PolicyDocument: plainDenied }),
    },
    [],
  ],
  [
    'finds a database whose parameters do not ask for TLS',
    {
      Parameters: resource('AWS::RDS::DBClusterParameterGroup', { Parameters: { 'rds.force_ssl': '0' } }),
      Postgres: resource('AWS::RDS::DBCluster', { DBClusterParameterGroupName: { Ref: 'Parameters' } }),
    },
    ['Postgres has rds.force_ssl 0; expected 1'],
  ],
]);

holds(nothingPublic, [
  [
    'finds a rule that lets everybody in',
    { Rule: resource('AWS::EC2::SecurityGroupIngress', { CidrIpv6: '::/0' }) },
    ['Rule can be reached from the internet'],
  ],
  [
    'finds a public balancer',
    { Alb: resource('AWS::ElasticLoadBalancingV2::LoadBalancer', { Scheme: 'internet-facing' }) },
    ['Alb can be reached from the internet'],
  ],
  [
    'finds a bucket that may be opened',
    {
      Bucket: resource('AWS::S3::Bucket', { PublicAccessBlockConfiguration: { ...blocked, BlockPublicPolicy: false } }),
    },
    ['Bucket does not block public access'],
  ],
  ['takes one that may not', { Bucket: resource('AWS::S3::Bucket', { PublicAccessBlockConfiguration: blocked }) }, []],
  [
    'finds a policy that gives away',
    {
      Policy: resource('AWS::SQS::QueuePolicy', {
        PolicyDocument: allowing({ Principal: { AWS: '*' }, Action: 'sqs:SendMessage' }),
      }),
    },
    ['Policy allows everybody something'],
  ],
  [
    'finds an API with a way past CloudFront',
    { Api: resource('AWS::ApiGateway::RestApi') },
    ['Api answers below execute-api, past CloudFront'],
  ],
]);

holds(noWildcards, [
  [
    'finds an action and a resource',
    {
      Policy: resource('AWS::IAM::Policy', {
        PolicyDocument: allowing({ Action: ['s3:*', 's3:GetObject'], Resource: '*' }),
      }),
    },
    ['Policy allows Action s3:*, and nobody says why', 'Policy allows Resource *, and nobody says why'],
  ],
  [
    'takes names',
    {
      Policy: resource('AWS::IAM::Policy', {
        PolicyDocument: allowing({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::a/*' }),
      }),
    },
    [],
  ],
]);

holds(noSecrets([]), [
  [
    'finds a password, and takes what is resolved at deployment',
    {
      A: resource('AWS::RDS::DBCluster', { MasterUserPassword: 'correct-horse' }),
      B: resource('AWS::RDS::DBCluster', { MasterUserPassword: '{{resolve:secretsmanager:a}}' }),
    },
    ['A holds a secret in MasterUserPassword'],
  ],
  [
    'finds one in an address',
    {
      Task: resource('AWS::ECS::TaskDefinition', {
        ContainerDefinitions: [{ Environment: [{ Value: 'postgresql://core:horse@host/db' }] }],
      }),
    },
    ['Task holds an address with a password in ContainerDefinitions.Environment.Value'],
  ],
  [
    'finds an access key',
    { A: resource('AWS::SSM::Parameter', { Value: `AKIA${'A'.repeat(16)}` }) },
    ['A holds an access key in Value'],
  ],
  [
    'finds an account',
    { A: resource('AWS::SSM::Parameter', { Value: 'arn:aws:iam::210987654321:root' }) },
    ['A holds the account 210987654321 in Value'],
  ],
]);

const filledIn = {
  ...{ ...dev, account: '222222222222' },
  edge: { ...dev.edge, originCertificateArn: 'arn:aws:acm:us-east-1:333333333333:certificate/c' },
};

describe('with environments that somebody has filled in,', () => {
  holds(noSecrets(accountsIn([prod, filledIn])), [
    [
      'takes the accounts that they name, and no other',
      {
        Own: resource('AWS::SSM::Parameter', { Value: 'arn:aws:iam::222222222222:root' }),
        Named: resource('AWS::SSM::Parameter', { Value: 'arn:aws:acm:us-east-1:333333333333:certificate/c' }),
        Foreign: resource('AWS::SSM::Parameter', { Value: 'arn:aws:iam::210987654321:root' }),
      },
      ['Foreign holds the account 210987654321 in Value'],
    ],
  ]);
});
