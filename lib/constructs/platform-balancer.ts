import { Duration, Validations } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { KolateAlarm } from './kolate-alarm';

export type PlatformBalancerProps = {
  readonly vpc: ec2.IVpc;
  readonly certificate: ICertificate;
  readonly accessLogs: IBucket;
  readonly alarmTopic: ITopic;
  /** In the public subnets and open to anybody; else in the app subnets and open to nobody until a rule says so. */
  readonly internetFacing: boolean;
};

/** A load balancer with one HTTPS listener. Its rules and who may reach an internal one are the business of other stacks. */
export class PlatformBalancer extends Construct {
  readonly alb: elbv2.ApplicationLoadBalancer;
  readonly listener: elbv2.ApplicationListener;
  readonly securityGroup: ec2.SecurityGroup;

  constructor(scope: Construct, id: string, props: PlatformBalancerProps) {
    super(scope, id);
    const { vpc, certificate, internetFacing } = props;
    this.securityGroup = this.guard(vpc, internetFacing);
    this.alb = new elbv2.ApplicationLoadBalancer(this, 'Balancer', {
      vpc,
      vpcSubnets: { subnetGroupName: internetFacing ? 'public' : 'app' },
      internetFacing,
      securityGroup: this.securityGroup,
      deletionProtection: true,
      dropInvalidHeaderFields: true,
      desyncMitigationMode: elbv2.DesyncMitigationMode.STRICTEST,
      // Less than the 72 s after which a service ends a connection that does nothing: the other way round, a request
      // could meet a connection that is being closed, and get 502.
      idleTimeout: Duration.seconds(60),
    });
    this.alb.logAccessLogs(props.accessLogs, `balancer-${id.toLowerCase()}`);
    this.listener = this.alb.addListener('Https', {
      port: 443,
      protocol: elbv2.ApplicationProtocol.HTTPS,
      certificates: [certificate],
      sslPolicy: elbv2.SslPolicy.RECOMMENDED_TLS,
      open: false,
      defaultAction: elbv2.ListenerAction.fixedResponse(404),
    });
    this.addAlarms(props.alarmTopic);
    this.explain(internetFacing);
    if (internetFacing) this.explainOpenness();
  }

  private explainOpenness(): void {
    const reason =
      'CloudFront cannot pass gRPC streams on to a private origin: clients come here by TLS, past a firewall.';
    Validations.of(this).acknowledge({ id: 'Kolate::nothing-public', reason }, { id: 'AwsSolutions-EC23', reason });
  }

  private guard(vpc: ec2.IVpc, internetFacing: boolean): ec2.SecurityGroup {
    const group = new ec2.SecurityGroup(this, 'Guard', {
      vpc,
      allowAllOutbound: false,
      description: internetFacing ? 'gRPC from anywhere to the services' : 'API Gateway and CloudFront to the services',
    });
    group.addEgressRule(ec2.Peer.ipv4(vpc.vpcCidrBlock), ec2.Port.tcpRange(1_024, 65_535), 'Tasks of the services');
    if (internetFacing) group.addIngressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, 'gRPC over TLS from anywhere');
    return group;
  }

  private explain(internetFacing: boolean): void {
    const because = (id: string, reason: string) => Validations.of(this.alb).acknowledge({ id, reason });
    because(
      'cdk-validator-cfnguard::elbv2_logging_enabled_check',
      'It writes its log; the rule cannot read the name of a bucket of another stack.',
    );
    if (internetFacing) return;
    because('NIST.800.53.R5-ALBWAFEnabled', 'Nothing reaches it but what the firewall of CloudFront has let through.');
  }

  private addAlarms(topic: ITopic): void {
    new KolateAlarm(this, 'Refused', {
      topic,
      metric: this.alb.metrics.httpCodeElb(elbv2.HttpCodeElb.ELB_5XX_COUNT, {
        statistic: Stats.SUM,
        period: Duration.minutes(1),
      }),
      threshold: 20,
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      description: 'The load balancer answers by itself since no task of a service takes the request.',
      runbook: 'balancer-answers-itself',
    });
    new KolateAlarm(this, 'Rejected', {
      topic,
      metric: this.alb.metrics.rejectedConnectionCount({ statistic: Stats.SUM, period: Duration.minutes(1) }),
      threshold: 1,
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
      description: 'The load balancer is at its limit of connections and refuses more.',
      runbook: 'balancer-rejects-connections',
    });
  }
}
