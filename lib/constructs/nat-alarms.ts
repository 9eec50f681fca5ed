import { Duration } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { NatProvider } from 'aws-cdk-lib/aws-ec2';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { KolateAlarm } from './kolate-alarm';

export type NatAlarmsProps = { readonly nat: NatProvider; readonly topic: ITopic };

/** Of each gateway: it has no port left for another connection, or it drops what it was given. */
export function addNatAlarms(scope: Construct, { nat, topic }: NatAlarmsProps): void {
  nat.configuredGateways.forEach(({ az, gatewayId }, index) => {
    const ring = (id: string, metricName: string, threshold: number, description: string) =>
      new KolateAlarm(scope, `${id}${index}`, {
        topic,
        metric: new Metric({
          namespace: 'AWS/NATGateway',
          metricName,
          dimensionsMap: { NatGatewayId: gatewayId },
          statistic: Stats.SUM,
          period: Duration.minutes(5),
        }),
        threshold,
        evaluationPeriods: 3,
        datapointsToAlarm: 2,
        description,
        runbook: 'nat-gateway',
      });
    ring('NatPorts', 'ErrorPortAllocation', 1, `The NAT gateway in ${az} has no port left for new connections.`);
    ring('NatDrops', 'PacketsDropCount', 1_000, `The NAT gateway in ${az} drops packets.`);
  });
}
