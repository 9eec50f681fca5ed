import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { ComparisonOperator, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Environment } from '../../config/environment';
import { KolateAlarm } from '../kolate-alarm';

/** As long as there is none: CloudFront refuses it, so that no API is ever deployed that anybody can reach around it. */
const noCertificate = '00000000-0000-0000-0000-000000000000';

/** What CloudFront shows to API Gateway, as scripts/edge-mtls.ts imports it. */
export const originCertificateArn = (scope: Construct, edge: Environment['edge']): string =>
  edge.originCertificateArn ??
  Stack.of(scope).formatArn({
    service: 'acm',
    region: 'us-east-1',
    resource: 'certificate',
    resourceName: noCertificate,
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });

export type ExpiryAlarmsProps = {
  readonly edge: Environment['edge'];
  /** For the names of the platform; ACM renews it by itself. */
  readonly certificate: Certificate;
  readonly alarmTopic: ITopic;
};

/** Rings long before a certificate of the edge ends: ACM renews its own at 60 days, and an imported one never. */
export class ExpiryAlarms extends Construct {
  constructor(scope: Construct, id: string, { edge, certificate, alarmTopic: topic }: ExpiryAlarmsProps) {
    super(scope, id);
    const imported = Certificate.fromCertificateArn(this, 'Origin', originCertificateArn(this, edge));
    const common = {
      topic,
      comparison: ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
      missing: TreatMissingData.IGNORE,
    };
    const metric = { period: Duration.days(1), statistic: Stats.MINIMUM };
    new KolateAlarm(this, 'Names', {
      ...common,
      metric: certificate.metricDaysToExpiry(metric),
      threshold: 30,
      description: 'ACM has not renewed the certificate of the platform’s names, which ends in 30 days.',
      runbook: 'edge-certificate-expiry',
    });
    new KolateAlarm(this, 'OriginExpiry', {
      ...common,
      metric: imported.metricDaysToExpiry(metric),
      threshold: 45,
      description: 'The certificate that CloudFront shows to API Gateway ends in 45 days: nothing passes after that.',
      runbook: 'origin-certificate-expiry',
    });
  }
}
