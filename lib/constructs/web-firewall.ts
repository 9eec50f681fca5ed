import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { CfnIPSet, CfnLoggingConfiguration, CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { Environment } from '../config/environment';
import { firewallRules, tooManyRequests } from './firewall-rules';
import { KolateAlarm } from './kolate-alarm';

export type WebFirewallProps = {
  /** `CLOUDFRONT` in us-east-1 only; `REGIONAL` in front of a load balancer. */
  readonly scope: 'CLOUDFRONT' | 'REGIONAL';
  /** What passes it. */
  readonly traffic: 'http' | 'grpc';
  readonly edge: Environment['edge'];
  readonly key: IKey;
  readonly logDays: number;
  readonly alarmTopic: ITopic;
};

/** What every request from outside passes first: who may come at all, how often, and nothing that is known to be bad. */
export class WebFirewall extends Construct {
  readonly webAcl: CfnWebACL;

  constructor(scope: Construct, id: string, props: WebFirewallProps) {
    super(scope, id);
    const { allowedCidrs, deniedCidrs, requestsPerFiveMinutes } = props.edge;
    const metricName = `${Stack.of(this).stackName}-${id.toLowerCase()}`;
    this.webAcl = new CfnWebACL(this, 'WebAcl', {
      scope: props.scope,
      defaultAction: { allow: {} },
      customResponseBodies: { tooManyRequests },
      rules: firewallRules({
        traffic: props.traffic,
        requestsPerFiveMinutes,
        deniedArn: this.addressSet('Denied', props.scope, deniedCidrs).attrArn,
        allowedArn: allowedCidrs.length > 0 ? this.addressSet('Allowed', props.scope, allowedCidrs).attrArn : undefined,
      }),
      visibilityConfig: { cloudWatchMetricsEnabled: true, sampledRequestsEnabled: true, metricName },
    });
    this.log(props);
    this.addAlarm(props, metricName);
  }

  private addressSet(id: string, scope: WebFirewallProps['scope'], addresses: readonly string[]): CfnIPSet {
    return new CfnIPSet(this, id, { scope, ipAddressVersion: 'IPV4', addresses: [...addresses] });
  }

  /** WAF writes to groups of this prefix only, so this name cannot be generated. Tokens do not reach the log. */
  private log({ key, logDays }: WebFirewallProps): void {
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `aws-waf-logs-${Stack.of(this).stackName}`,
      retention: logDays,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new CfnLoggingConfiguration(this, 'Logging', {
      resourceArn: this.webAcl.attrArn,
      // WAF refuses the `:*` that a log group's ARN ends with.
      logDestinationConfigs: [
        Stack.of(this).formatArn({ service: 'logs', resource: `log-group:${logGroup.logGroupName}` }),
      ],
      redactedFields: [{ singleHeader: { Name: 'authorization' } }, { singleHeader: { Name: 'cookie' } }],
      loggingFilter: {
        DefaultBehavior: 'DROP',
        Filters: [
          {
            Behavior: 'KEEP',
            Requirement: 'MEETS_ANY',
            Conditions: ['BLOCK', 'COUNT', 'EXCLUDED_AS_COUNT'].map((Action) => ({ ActionCondition: { Action } })),
          },
        ],
      },
    });
  }

  private addAlarm({ alarmTopic, scope, edge }: WebFirewallProps, metricName: string): void {
    new KolateAlarm(this, 'Blocked', {
      topic: alarmTopic,
      metric: new Metric({
        namespace: 'AWS/WAFV2',
        metricName: 'BlockedRequests',
        dimensionsMap: {
          WebACL: metricName,
          Rule: 'ALL',
          ...(scope === 'REGIONAL' && { Region: Stack.of(this).region }),
        },
        statistic: Stats.SUM,
      }),
      threshold: edge.requestsPerFiveMinutes,
      evaluationPeriods: 3,
      description: 'As much is refused at the edge as one address may send at all: an attack, or a rule that is wrong.',
      runbook: 'edge-blocked-requests',
    });
  }
}
