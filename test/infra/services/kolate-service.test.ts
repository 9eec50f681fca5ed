import { App, Stack } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { dev } from '../../../lib/config/dev';
import type { Environment } from '../../../lib/config/environment';
import { KolateKey } from '../../../lib/constructs/kolate-key';
import { KolateService, type KolateServiceProps } from '../../../lib/constructs/services/kolate-service';
import { ServiceCluster } from '../../../lib/constructs/services/service-cluster';
import type { ServiceVariables } from '../../../lib/constructs/services/service-variables';

const variables: ServiceVariables<'core'> = {
  KOLATE_ISSUER_URL: 'https://issuer.example.com',
  KOLATE_KAFKA_CLUSTER_ARN: 'arn:aws:kafka:us-east-1:111111111111:cluster/kolate/1',
  KOLATE_POSTGRES_URL: 'postgresql://core@postgres:5433/kolate',
  KOLATE_POSTGRES_AUTH: 'iam',
  KOLATE_POSTGRES_CA: '/app/authorities.pem',
};

function newService(more: Partial<KolateServiceProps<'core'>>, environment: Environment = dev): void {
  const stack = new Stack(new App({ analyticsReporting: false }), 'kolate-try-services');
  const key = new KolateKey(stack, 'Key', 'Logs');
  const vpc = new Vpc(stack, 'Vpc', {
    subnetConfiguration: [{ name: 'app', subnetType: SubnetType.PRIVATE_ISOLATED }],
  });
  const cluster = new ServiceCluster(stack, 'Cluster', { vpc, key, environment });
  new KolateService(stack, 'Core', {
    name: 'core',
    cluster,
    environment,
    variables,
    key,
    alarmTopic: new Topic(stack, 'Alarms'),
    permissionsBoundary: new ManagedPolicy(stack, 'Boundary', { statements: [] }),
    ...more,
  });
}

const withMaxTasks = (maxTasks: number): Environment => ({
  ...dev,
  services: { ...dev.services, core: { ...dev.services.core, maxTasks } },
});
const backlog = {
  metrics: [new Metric({ namespace: 'AWS/Kafka', metricName: 'SumOffsetLag' })],
  groups: ['g'],
  perTask: 10,
  partitions: 6,
};

describe('a service', () => {
  it('is refused when it would be killed before it could have drained', () => {
    expect(() => newService({ drainMs: 115_000 })).toThrow('service core: drainMs is 115000; expected at most 110000');
    expect(() => newService({ drainMs: 110_000 })).not.toThrow();
  });

  it('is refused when tasks would find no partition to consume', () => {
    expect(() => newService({ backlog }, withMaxTasks(7))).toThrow(
      'services.core.maxTasks is 7; expected at most the 6 partitions',
    );
    expect(() => newService({ backlog }, withMaxTasks(6))).not.toThrow();
  });

  it('is refused when it has an entrance that no route leads to', () => {
    const grpcEntrance = { priority: 1, healthPath: '/' } as NonNullable<KolateServiceProps<'core'>['grpcEntrance']>;
    expect(() => newService({ grpcEntrance })).toThrow('service core: its grpc entrance is given; expected none');
  });
});
