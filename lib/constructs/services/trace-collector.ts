import { Duration } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { explainWildcard } from '../explain-wildcard';

/** AWS Distro for OpenTelemetry v0.48.0, for both architectures: what a tag means can change, what this means cannot. */
const image =
  'public.ecr.aws/aws-observability/aws-otel-collector@sha256:9b28046359054b414f4ba76056ba4e8cffda2d53fbcee06171d7eeecd71326c3';
/** As the image's own `/healthcheck` asks it. */
const healthEndpoint = '127.0.0.1:13133';

/** Where it listens, for its own task alone. */
export const collectorEndpoint = 'http://127.0.0.1:4318';
/** Of each task that has one. */
export const collectorMib = 128;

/** YAML is a superset of JSON. */
const config = {
  extensions: { health_check: { endpoint: healthEndpoint } },
  receivers: { otlp: { protocols: { http: { endpoint: '127.0.0.1:4318' } } } },
  processors: {
    // Refuses spans before the kernel ends it.
    memory_limiter: { check_interval: '1s', limit_mib: 96, spike_limit_mib: 24 },
    batch: { timeout: '1s', send_batch_size: 50 },
  },
  exporters: { awsxray: { indexed_attributes: ['kolate.tenant_id', 'kolate.saga_id'] } },
  service: {
    extensions: ['health_check'],
    telemetry: { logs: { level: 'warn' }, metrics: { level: 'none' } },
    pipelines: {
      traces: { receivers: ['otlp'], processors: ['memory_limiter', 'batch'], exporters: ['awsxray'] },
    },
  },
};

/**
 * Takes the spans of `container` over loopback and writes them to X-Ray. It may fail without the task: spans are lost then,
 * requests are not. ECS ends it after the container, whose last spans it has to take.
 */
export function addTraceCollector(container: ecs.ContainerDefinition, logging: ecs.LogDriver): void {
  const { taskDefinition } = container;
  const collector = taskDefinition.addContainer('traces', {
    image: ecs.ContainerImage.fromRegistry(image),
    memoryLimitMiB: collectorMib,
    user: '10001:10001',
    readonlyRootFilesystem: true,
    essential: false,
    environment: { AOT_CONFIG_CONTENT: JSON.stringify(config) },
    stopTimeout: Duration.seconds(10),
    healthCheck: {
      command: ['CMD', '/healthcheck'],
      interval: Duration.seconds(30),
      timeout: Duration.seconds(5),
      retries: 3,
      startPeriod: Duration.seconds(30),
    },
    enableRestartPolicy: true,
    restartAttemptPeriod: Duration.seconds(60),
    logging,
  });
  container.addContainerDependencies({ container: collector, condition: ecs.ContainerDependencyCondition.START });
  taskDefinition.addToTaskRolePolicy(
    new PolicyStatement({
      sid: 'WriteTraces',
      actions: ['xray:PutTraceSegments'],
      resources: ['*'],
    }),
  );
  explainWildcard(taskDefinition, '*', 'Traces are of no named resource.');
}
