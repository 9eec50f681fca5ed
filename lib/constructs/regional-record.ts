import { CfnRecordSet, type IHealthCheck, type IHostedZone } from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import type { Environment } from '../config/environment';

export type RegionalRecordProps = {
  readonly zone: IHostedZone;
  /** Whole, below the zone's. */
  readonly name: string;
  /** A load balancer or domain of this region, as Route 53 knows it. */
  readonly alias: { readonly dnsName: string; readonly hostedZoneId: string };
  /** Of this region. */
  readonly healthCheck: IHealthCheck | undefined;
  readonly environment: Pick<Environment, 'region' | 'peer' | 'edge'>;
};

/**
 * A name that two regions answer to: the standby where the primary is not healthy, or whichever is nearer. Both records
 * stand all the time, so that nothing has to be changed when a region fails. Without a peer it is a plain record.
 */
export class RegionalRecord extends Construct {
  constructor(scope: Construct, id: string, props: RegionalRecordProps) {
    super(scope, id);
    const { zone, name, alias, environment } = props;
    const { hostedZoneId } = zone;
    new CfnRecordSet(this, 'Record', {
      hostedZoneId,
      name: `${name}.`,
      type: 'A',
      // A load balancer is ill to Route 53 while any target group is empty, and one of each pair always is.
      aliasTarget: { ...alias, evaluateTargetHealth: false },
      ...(environment.peer && routing(props, environment.peer)),
    });
  }
}

function routing({ name, healthCheck, environment }: RegionalRecordProps, peer: NonNullable<Environment['peer']>) {
  if (!healthCheck) throw new Error(`record: ${name} has no health check; expected one, as there is a peer`);
  const { region, edge } = environment;
  return {
    setIdentifier: region,
    healthCheckId: healthCheck.healthCheckId,
    ...(edge.routing === 'latency' ? { region } : { failover: peer.role === 'standby' ? 'PRIMARY' : 'SECONDARY' }),
  };
}
