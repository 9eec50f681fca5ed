import { CfnOutput, Fn } from 'aws-cdk-lib';
import { Certificate, CertificateValidation, type ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { type IHostedZone, PublicHostedZone } from 'aws-cdk-lib/aws-route53';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import { AlarmTopic } from '../constructs/alarm-topic';
import { KolateKey } from '../constructs/kolate-key';
import { WebFirewall } from '../constructs/web-firewall';
import { KolateStack, type KolateStackProps } from './kolate-stack';

/** What CloudFront can have from us-east-1 alone, wherever the platform is; and the zone of the platform's names. */
export class EdgeStack extends KolateStack {
  readonly zone: IHostedZone;
  readonly certificate: ICertificate;
  readonly webAcl: CfnWebACL;
  /** For alarms in us-east-1: an alarm cannot ring in another region. */
  readonly alarmTopic: ITopic;

  constructor(scope: Construct, props: KolateStackProps) {
    super(scope, 'edge', { ...props, stateful: true, region: 'us-east-1' });
    const { domain, edge, logDays, alarmEmails } = props.environment;
    const key = new KolateKey(this, 'Key', 'Alarms and logs of the edge');
    this.alarmTopic = new AlarmTopic(this, 'Alarms', { key, emails: alarmEmails }).topic;
    this.zone = this.zoneOf(domain);
    this.certificate = new Certificate(this, 'Certificate', {
      domainName: domain.name,
      subjectAlternativeNames: [`*.${domain.name}`],
      validation: CertificateValidation.fromDns(this.zone),
    });
    this.webAcl = new WebFirewall(this, 'Firewall', {
      ...{ scope: 'CLOUDFRONT', traffic: 'http', edge, key, logDays, alarmTopic: this.alarmTopic },
    }).webAcl;
  }

  private zoneOf({ name, hostedZoneId }: KolateStackProps['environment']['domain']): IHostedZone {
    if (hostedZoneId !== undefined) {
      return PublicHostedZone.fromPublicHostedZoneAttributes(this, 'Zone', { hostedZoneId, zoneName: name });
    }
    const zone = new PublicHostedZone(this, 'Zone', { zoneName: name });
    new CfnOutput(this, 'NameServers', {
      value: Fn.join(',', zone.hostedZoneNameServers ?? []),
      description: `NS records that the parent zone of ${name} needs`,
    });
    return zone;
  }
}
