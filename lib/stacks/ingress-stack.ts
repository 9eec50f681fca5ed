import { RemovalPolicy } from 'aws-cdk-lib';
import { Certificate, CertificateValidation } from 'aws-cdk-lib/aws-certificatemanager';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IHostedZone } from 'aws-cdk-lib/aws-route53';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { PlatformBalancer } from '../constructs/platform-balancer';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export type IngressStackProps = KolateStackProps & {
  readonly vpc: IVpc;
  readonly zone: IHostedZone;
  readonly accessLogs: IBucket;
  readonly alarmTopic: ITopic;
};

/**
 * Where requests reach the services: an internal load balancer behind API Gateway and CloudFront, and a public one for
 * gRPC, which neither of them passes on. Services put their rules on the listeners from their own stack.
 */
export class IngressStack extends KolateStack {
  readonly alb: elbv2.ApplicationLoadBalancer;
  /** HTTPS on 443, inside the VPC. Answers 404 where no rule of a service fits. */
  readonly listener: elbv2.ApplicationListener;
  readonly grpcAlb: elbv2.ApplicationLoadBalancer;
  /** HTTPS on 443 from anywhere, for target groups of protocol version GRPC. */
  readonly grpcListener: elbv2.ApplicationListener;

  constructor(scope: Construct, props: IngressStackProps) {
    super(scope, 'ingress', props);
    const { vpc, zone, accessLogs, alarmTopic } = props;
    const certificate = new Certificate(this, 'Certificate', {
      domainName: `*.${zone.zoneName}`,
      validation: CertificateValidation.fromDns(zone),
    });
    certificate.applyRemovalPolicy(RemovalPolicy.DESTROY);
    const common = { vpc, certificate, accessLogs, alarmTopic };
    const internal = new PlatformBalancer(this, 'Internal', { ...common, internetFacing: false });
    const grpc = new PlatformBalancer(this, 'Grpc', { ...common, internetFacing: true });
    this.alb = internal.alb;
    this.listener = internal.listener;
    this.grpcAlb = grpc.alb;
    this.grpcListener = grpc.listener;
  }
}
