import type { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { errorCodes } from '../../src/contracts/errors';
import { healthPath } from '../config/platform-names';

type Rule = CfnWebACL.RuleProperty;
type Statement = CfnWebACL.StatementProperty;

export type FirewallRulesProps = {
  /** Route 53 looks at the region past the firewall of gRPC. */
  readonly traffic: 'http' | 'grpc';
  /** Of one address. */
  readonly requestsPerFiveMinutes: number;
  readonly deniedArn: string;
  /** Absent: everybody may come. */
  readonly allowedArn: string | undefined;
};

const { status, title } = errorCodes.KLT_RATE_LIMITED;

/** The answer to an address that sends too much, as our other answers look. WAF knows no problem+json. */
export const tooManyRequests: CfnWebACL.CustomResponseBodyProperty = {
  contentType: 'APPLICATION_JSON',
  content: JSON.stringify({
    ...{ type: 'about:blank', title, status, code: 'KLT_RATE_LIMITED', error: title },
    detail: 'more requests from this address within five minutes than it may send',
  }),
};

const visibilityConfig = (metricName: string): CfnWebACL.VisibilityConfigProperty => ({
  cloudWatchMetricsEnabled: true,
  sampledRequestsEnabled: true,
  metricName,
});

const own = (
  name: string,
  statement: Statement,
  block: CfnWebACL.BlockActionProperty = {},
): Omit<Rule, 'priority'> => ({
  name,
  statement,
  action: { block },
  visibilityConfig: visibilityConfig(name),
});

function uriPath(positionalConstraint: 'EXACTLY' | 'ENDS_WITH', searchString: string): Statement {
  const textTransformations = [{ priority: 0, type: 'NONE' }];
  return {
    byteMatchStatement: { fieldToMatch: { uriPath: {} }, positionalConstraint, searchString, textTransformations },
  };
}

/** Bodies of predictions are tensors: any bytes at any length, which rules about texts take for attacks. */
const notInference: Statement = { notStatement: { statement: uriPath('ENDS_WITH', '/infer') } };

const managed = (name: string, more: Partial<CfnWebACL.ManagedRuleGroupStatementProperty> = {}) => ({
  name,
  overrideAction: { none: {} },
  statement: { managedRuleGroupStatement: { vendorName: 'AWS', name, ...more } },
  visibilityConfig: visibilityConfig(name),
});

/**
 * In the order they are asked: what lists say, how often an address comes, then AWS' rules. The allow list only keeps
 * others out; who is on it is looked at like anybody.
 */
export function firewallRules({ traffic, requestsPerFiveMinutes, deniedArn, allowedArn }: FirewallRulesProps): Rule[] {
  const rules = [
    ...(traffic === 'grpc' ? [healthOfTheRegion] : []),
    own('denied-addresses', { ipSetReferenceStatement: { arn: deniedArn } }),
    ...(allowedArn
      ? [
          own('not-allowed-addresses', {
            notStatement: { statement: { ipSetReferenceStatement: { arn: allowedArn } } },
          }),
        ]
      : []),
    own(
      'too-many-requests',
      {
        rateBasedStatement: { limit: requestsPerFiveMinutes, evaluationWindowSec: 300, aggregateKeyType: 'IP' },
      },
      { customResponse: { responseCode: status, customResponseBodyKey: 'tooManyRequests' } },
    ),
    managed('AWSManagedRulesAmazonIpReputationList'),
    ...aboutRequests,
  ];
  return rules.map((rule, priority) => ({ ...rule, priority }));
}

/** Route 53 asks from addresses of its own, which no list here has. */
const healthOfTheRegion: Omit<Rule, 'priority'> = {
  name: 'health-of-the-region',
  statement: uriPath('EXACTLY', healthPath),
  action: { allow: {} },
  visibilityConfig: visibilityConfig('health-of-the-region'),
};

/** The same for gRPC: WAF leaves the rules about bodies out of its calls, and asks the others about headers and paths. */
const aboutRequests = [
  managed('AWSManagedRulesCommonRuleSet', {
    scopeDownStatement: notInference,
    // It refuses bodies over 8 KiB; ours are bounded by API Gateway and the services.
    ruleActionOverrides: [{ name: 'SizeRestrictions_BODY', actionToUse: { count: {} } }],
  }),
  managed('AWSManagedRulesKnownBadInputsRuleSet', { scopeDownStatement: notInference }),
  managed('AWSManagedRulesSQLiRuleSet', { scopeDownStatement: notInference }),
];
