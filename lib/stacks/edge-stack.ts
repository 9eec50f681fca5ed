import { CfnOutput, Fn, RemovalPolicy } from 'aws-cdk-lib';
import { Certificate, CertificateValidation, type ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { type IHealthCheck, type IHostedZone, PublicHostedZone } from 'aws-cdk-lib/aws-route53';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import { AlarmTopic } from '../constructs/alarm-topic';
import { ExpiryAlarms } from '../constructs/front/origin-certificate';
import { KolateKey } from '../constructs/kolate-key';
import { RegionHealth } from '../constructs/region-health';
import { WebFirewall } from '../constructs/web-firewall';
import { KolateStack, type KolateStackProps } from './kolate-stack';

/** What CloudFront can have from us-east-1 alone, wherever the platform is; and the zone of the platform's names. */
export class EdgeStack extends KolateStack {
  readonly zone: IHostedZone;
  readonly certificate: ICertificate;
  readonly webAcl: CfnWebACL;
  /** Whether this environment's region can be reached; absent where there is no other to go to. */
  readonly healthCheck: IHealthCheck | undefined;
  /** For alarms in us-east-1: an alarm cannot ring in another region. */
  readonly alarmTopic: ITopic;

  constructor(scope: Construct, props: KolateStackProps) {
    super(scope, 'edge', { ...props, stateful: true, region: 'us-east-1' });
    const { domain, edge, logDays, alarmEmails, region, peer } = props.environment;
    const key = new KolateKey(this, 'Key', 'Alarms and logs of the edge');
    this.alarmTopic = new AlarmTopic(this, 'Alarms', { key, emails: alarmEmails }).topic;
    this.zone = this.zoneOf(domain);
    const certificate = new Certificate(this, 'Certificate', {
      domainName: domain.name,
      subjectAlternativeNames: [`*.${domain.name}`],
      validation: CertificateValidation.fromDns(this.zone),
    });
    this.certificate = certificate;
    const { alarmTopic } = this;
    new ExpiryAlarms(this, 'Expiry', { edge, certificate, alarmTopic });
    this.healthCheck =
      peer && new RegionHealth(this, 'Health', { region, domain: domain.name, alarmTopic }).healthCheck;
    this.webAcl = new WebFirewall(this, 'Firewall', {
      ...{ scope: 'CLOUDFRONT', traffic: 'http', edge, key, logDays, alarmTopic },
    }).webAcl;
  }

  private zoneOf({ name, hostedZoneId }: KolateStackProps['environment']['domain']): IHostedZone {
    if (hostedZoneId !== undefined) {
      return PublicHostedZone.fromPublicHostedZoneAttributes(this, 'Zone', { hostedZoneId, zoneName: name });
    }
    const zone = new PublicHostedZone(this, 'Zone', { zoneName: name });
    // The parent zone delegates to the name servers of this very one.
    zone.applyRemovalPolicy(RemovalPolicy.RETAIN);
    new CfnOutput(this, 'ZoneId', { value: zone.hostedZoneId, description: 'For domain.hostedZoneId of a standby' });
    new CfnOutput(this, 'NameServers', {
      value: Fn.join(',', zone.hostedZoneNameServers ?? []),
      description: `NS records that the parent zone of ${name} needs`,
    });
    return zone;
  }
}
