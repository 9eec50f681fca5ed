import { CfnOutput, RemovalPolicy } from 'aws-cdk-lib';
import { Certificate, CertificateValidation, type ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IVpcOrigin } from 'aws-cdk-lib/aws-cloudfront';
import type { ISecurityGroup, IVpc } from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { ARecord, type IHealthCheck, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { LoadBalancerTarget } from 'aws-cdk-lib/aws-route53-targets';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import { vpcOriginOutput } from '../config/names-between-regions';
import { healthPath, internalName, regionalGrpcName } from '../config/platform-names';
import { KolateKey } from '../constructs/kolate-key';
import { PlatformBalancer } from '../constructs/platform-balancer';
import { PrivateOrigin } from '../constructs/private-origin';
import { RegionalRecord } from '../constructs/regional-record';
import { WebFirewall } from '../constructs/web-firewall';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export type IngressStackProps = KolateStackProps & {
  readonly vpc: IVpc;
  readonly zone: IHostedZone;
  readonly accessLogs: IBucket;
  readonly alarmTopic: ITopic;
  /** Of this region, where there is a second one. */
  readonly healthCheck: IHealthCheck | undefined;
};

/** Of the listener's rule for health; services have the higher numbers. */
const healthPriority = 1;

/**
 * Where requests reach the services: an internal load balancer behind API Gateway and CloudFront, and a public one for
 * gRPC, which neither of them passes on. Services put their rules on the listeners from their own stack.
 */
export class IngressStack extends KolateStack {
  readonly alb: elbv2.ApplicationLoadBalancer;
  readonly albGuard: ISecurityGroup;
  /** The name that the internal load balancer's certificate is for. */
  readonly albHost: string;
  /** HTTPS on 443, inside the VPC. Answers 404 where no rule of a service fits. */
  readonly listener: elbv2.ApplicationListener;
  readonly grpcAlb: elbv2.ApplicationLoadBalancer;
  /** HTTPS on 443 from anywhere, for target groups of protocol version GRPC. Priorities from 10 are the services'. */
  readonly grpcListener: elbv2.ApplicationListener;
  /** For `*.<domain>`, in this region. */
  readonly certificate: ICertificate;
  /** For CloudFront, to the internal load balancer. */
  readonly vpcOrigin: IVpcOrigin;

  constructor(scope: Construct, props: IngressStackProps) {
    super(scope, 'ingress', props);
    const { vpc, zone, accessLogs, alarmTopic } = props;
    const key = new KolateKey(this, 'Key', 'Logs of what comes in');
    const certificate = new Certificate(this, 'Certificate', {
      domainName: `*.${zone.zoneName}`,
      validation: CertificateValidation.fromDns(zone),
    });
    this.certificate = certificate;
    const common = { vpc, certificate, accessLogs, alarmTopic };
    const internal = new PlatformBalancer(this, 'Internal', { ...common, internetFacing: false });
    const grpc = new PlatformBalancer(this, 'Grpc', { ...common, internetFacing: true });
    this.alb = internal.alb;
    this.albGuard = internal.securityGroup;
    this.albHost = internalName(this.region, zone.zoneName);
    this.listener = internal.listener;
    this.grpcAlb = grpc.alb;
    this.grpcListener = grpc.listener;
    this.name(props);
    this.guardGrpc(props, key);
    this.vpcOrigin = this.openToCloudFront(props, key);
    if (props.environment.peer?.role === 'primary') {
      new CfnOutput(this, vpcOriginOutput, {
        value: this.vpcOrigin.vpcOriginId,
        description: 'For the distribution, which is the primary’s',
      });
    }
  }

  private name({ zone, healthCheck, environment }: IngressStackProps): void {
    const grpcOfRegion = regionalGrpcName(this.region, zone.zoneName);
    for (const [name, alb] of [[this.albHost, this.alb] as const, [grpcOfRegion, this.grpcAlb] as const]) {
      const target = RecordTarget.fromAlias(new LoadBalancerTarget(alb));
      new ARecord(this, `Name-${name.split('.', 1)}`, { zone, recordName: `${name}.`, target });
    }
    const { loadBalancerDnsName: dnsName, loadBalancerCanonicalHostedZoneId: hostedZoneId } = this.grpcAlb;
    new RegionalRecord(this, 'GrpcName', {
      ...{ zone, name: `grpc.${zone.zoneName}`, alias: { dnsName, hostedZoneId }, healthCheck, environment },
    });
    this.grpcListener.addAction('Health', {
      priority: healthPriority,
      conditions: [elbv2.ListenerCondition.pathPatterns([healthPath])],
      action: elbv2.ListenerAction.fixedResponse(200, { contentType: 'text/plain', messageBody: 'ok' }),
    });
  }

  private guardGrpc({ environment, alarmTopic }: IngressStackProps, key: KolateKey): void {
    const { edge, logDays } = environment;
    const { webAcl } = new WebFirewall(this, 'Firewall', {
      ...{ scope: 'REGIONAL', traffic: 'grpc', edge, key, logDays, alarmTopic },
    });
    new CfnWebACLAssociation(this, 'GrpcFirewall', {
      webAclArn: webAcl.attrArn,
      resourceArn: this.grpcAlb.loadBalancerArn,
    });
  }

  private openToCloudFront({ vpc, environment }: IngressStackProps, key: KolateKey): IVpcOrigin {
    const logGroup = new LogGroup(this, 'LookUps', {
      encryptionKey: key,
      retention: environment.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    return new PrivateOrigin(this, 'Private', { ...{ vpc, alb: this.alb, albGuard: this.albGuard, logGroup } }).origin;
  }
}
