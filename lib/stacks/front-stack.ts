import { CfnOutput, Duration } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { Distribution, IVpcOrigin } from 'aws-cdk-lib/aws-cloudfront';
import { AaaaRecord, ARecord, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { CloudFrontTarget } from 'aws-cdk-lib/aws-route53-targets';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import { FrontDoor } from '../constructs/front/front-door';
import { originCertificateArn } from '../constructs/front/origin-certificate';
import { standbyOrigins } from '../constructs/front/standby-origins';
import { KolateAlarm } from '../constructs/kolate-alarm';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export type FrontStackProps = KolateStackProps & {
  readonly zone: IHostedZone;
  readonly certificate: ICertificate;
  readonly webAcl: CfnWebACL;
  readonly console: IBucket;
  readonly accessLogs: IBucket;
  readonly vpcOrigin: IVpcOrigin;
  readonly vpcOriginHost: string;
  /** Of us-east-1, where CloudFront has its metrics. */
  readonly alarmTopic: ITopic;
};

/**
 * CloudFront, once for both regions, with the origins of both: a name can be of one distribution only. In us-east-1, as its
 * alarms have to be. It goes on serving when that region is away; only changes wait.
 */
export class FrontStack extends KolateStack {
  readonly distribution: Distribution;

  constructor(scope: Construct, props: FrontStackProps) {
    super(scope, 'front', { ...props, region: 'us-east-1' });
    const { zone, alarmTopic } = props;
    const domain = zone.zoneName;
    this.distribution = new FrontDoor(this, 'Door', {
      ...props,
      domain,
      clientCertificateArn: originCertificateArn(this, props.environment.edge),
      standby: standbyOrigins(this, props.environment),
    }).distribution;
    const target = RecordTarget.fromAlias(new CloudFrontTarget(this.distribution));
    for (const name of ['api', 'console']) {
      new ARecord(this, `${name}-v4`, { zone, recordName: name, target });
      new AaaaRecord(this, `${name}-v6`, { zone, recordName: name, target });
      new CfnOutput(this, `${name}Url`, { value: `https://${name}.${domain}` });
    }
    new KolateAlarm(this, 'Failures', {
      topic: alarmTopic,
      metric: this.distribution.metric5xxErrorRate({ period: Duration.minutes(1) }),
      threshold: 5,
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      description: 'One answer in twenty or more that leaves CloudFront is a 5xx.',
      runbook: 'front-failures',
    });
  }
}
