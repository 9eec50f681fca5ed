import type { Pricer } from './charge';
import { at, listOf, shareOf } from './values';

export const edgePricers: Readonly<Record<string, Pricer>> = {
  'AWS::ApiGateway::RestApi': ({ assembly, usage }) => [
    { price: 'apiRequests', quantity: shareOf(assembly, usage.millionRequests, 'AWS::ApiGateway::RestApi') },
  ],
  'AWS::CloudFront::Distribution': ({ assembly, usage }) => [
    {
      price: 'cloudFrontRequests',
      quantity: shareOf(assembly, usage.millionRequests, 'AWS::CloudFront::Distribution'),
    },
    { price: 'cloudFrontOut', quantity: shareOf(assembly, usage.outGb, 'AWS::CloudFront::Distribution') },
  ],
  'AWS::WAFv2::WebACL': ({ properties, assembly, usage }) => [
    { price: 'wafAcl', quantity: 1 },
    { price: 'wafRule', quantity: listOf(properties.Rules).length },
    { price: 'wafRequests', quantity: shareOf(assembly, usage.millionRequests, 'AWS::WAFv2::WebACL') },
  ],
  'AWS::Route53::HostedZone': () => [{ price: 'hostedZone', quantity: 1 }],
  'AWS::ServiceDiscovery::PrivateDnsNamespace': () => [{ price: 'hostedZone', quantity: 1 }],
  'AWS::Route53::HealthCheck': ({ properties }) =>
    at(properties.HealthCheckConfig, 'Type') === 'CALCULATED' ? [] : [{ price: 'healthCheck', quantity: 1 }],
  'AWS::Cognito::UserPool': ({ assembly, usage }) => [
    { price: 'cognitoUser', quantity: shareOf(assembly, usage.users, 'AWS::Cognito::UserPool') },
  ],
  'AWS::Cognito::UserPoolClient': ({ properties }) =>
    listOf(properties.AllowedOAuthFlows).includes('client_credentials')
      ? [{ price: 'cognitoMachineClient', quantity: 1 }]
      : [],
};
