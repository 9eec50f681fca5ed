import { Template } from 'aws-cdk-lib/assertions';
import { dev } from '../../../lib/config/dev';
import type { Environment } from '../../../lib/config/environment';
import { prod } from '../../../lib/config/prod';
import { awsServiceEnvs } from '../../../src/contracts/env/service-envs';
import type { ServiceName } from '../../../src/contracts/http/route';
import { servicesApp } from '../../helpers/services-app';
import { at, listOf } from '../invariants/rule';

type Properties = Readonly<Record<string, unknown>>;
type Named = { readonly Name: string; readonly Value?: unknown };

const ids: Readonly<Record<ServiceName, string>> = {
  core: 'Core',
  'enterprise-info': 'EnterpriseInfo',
  predict: 'Predict',
  'predict-registry': 'PredictRegistry',
};
const names = Object.keys(ids) as ServiceName[];
const templates = new Map<string, Template>();
const templateOf = (environment: Environment): Template => {
  const known = templates.get(environment.name) ?? Template.fromStack(servicesApp(environment).stack);
  templates.set(environment.name, known);
  return known;
};
/** Properties of the one resource of a type whose logical id begins so. */
const of = (environment: Environment, type: string, id: string): Properties => {
  const found = Object.entries(templateOf(environment).findResources(type)).filter(([key]) =>
    new RegExp(`^${id}[0-9A-F]{8}$`).test(key),
  );
  expect([type, id, found.length]).toEqual([type, id, 1]);
  return found[0]?.[1].Properties as Properties;
};
const containerOf = (environment: Environment, name: ServiceName) =>
  (of(environment, 'AWS::ECS::TaskDefinition', `${ids[name]}TaskDefinition`).ContainerDefinitions as Properties[])[0]!;
const serviceOf = (environment: Environment, name: ServiceName) =>
  of(environment, 'AWS::ECS::Service', `${ids[name]}Service`);
const policyOf = (name: ServiceName) =>
  (of(prod, 'AWS::IAM::Policy', `${ids[name]}TaskRoleDefaultPolicy`).PolicyDocument as { Statement: Properties[] })
    .Statement;

describe.each(names)('the task of %s', (name) => {
  it('runs as nobody on a root that it cannot write to, on ARM', () => {
    expect(containerOf(prod, name)).toMatchObject({ User: '10001:10001', ReadonlyRootFilesystem: true });
    expect(of(prod, 'AWS::ECS::TaskDefinition', `${ids[name]}TaskDefinition`)).toMatchObject({
      RuntimePlatform: { CpuArchitecture: 'ARM64' },
      Cpu: String(prod.services[name].cpu),
      Memory: String(prod.services[name].memoryMib),
    });
  });

  it('is killed only after it had the time to drain', () => {
    const { StopTimeout, Environment: variables } = containerOf(prod, name);
    const drain = (variables as Named[]).find(({ Name }) => Name === 'KOLATE_DRAIN_TIMEOUT_MS');
    expect(Number(StopTimeout) * 1_000).toBeGreaterThanOrEqual(Number(drain?.Value) + 5_000);
    expect(Number(StopTimeout)).toBeLessThanOrEqual(120);
  });

  it('gets every variable that its contract needs', () => {
    const { Environment: variables, Secrets: secrets } = containerOf(prod, name);
    const given = [...(variables as Named[]), ...((secrets ?? []) as Named[])].map(({ Name }) => Name);
    expect(given).toEqual(expect.arrayContaining([...(awsServiceEnvs[name].required ?? [])]));
    expect(new Set(given).size).toBe(given.length);
  });

  it('has roles inside the boundary', () => {
    for (const role of ['Role', 'ExecutionRole']) {
      expect(of(prod, 'AWS::IAM::Role', `${ids[name]}Task${role}`).PermissionsBoundary).toBeDefined();
    }
  });

  it('writes to an encrypted log that is kept as long as the environment says', () => {
    expect(of(prod, 'AWS::Logs::LogGroup', `${ids[name]}TaskLog`)).toMatchObject({
      KmsKeyId: expect.anything(),
      RetentionInDays: prod.logDays,
    });
  });
});

describe('a new version', () => {
  it.each(['enterprise-info', 'predict', 'predict-registry'] as const)(
    'of %s gets a tenth of the requests first, and is taken back when an alarm rings',
    (name) => {
      expect(serviceOf(prod, name).DeploymentConfiguration).toMatchObject({
        Strategy: 'CANARY',
        CanaryConfiguration: { CanaryPercent: 10 },
        Alarms: { Enable: true, Rollback: true, AlarmNames: expect.arrayContaining([expect.anything()]) },
      });
      for (const balancer of serviceOf(prod, name).LoadBalancers as Properties[]) {
        expect(balancer.AdvancedConfiguration).toMatchObject({ ProductionListenerRule: expect.anything() });
      }
    },
  );

  it('of a service without requests runs beside the old one as long, and is taken back by the same alarms', () => {
    const { DeploymentConfiguration, LoadBalancers, ServiceConnectConfiguration } = serviceOf(prod, 'core');
    expect(DeploymentConfiguration).toMatchObject({
      Strategy: 'CANARY',
      CanaryConfiguration: { CanaryPercent: 10, CanaryBakeTimeInMinutes: 5 },
      BakeTimeInMinutes: 10,
      Alarms: { Enable: true, Rollback: true, AlarmNames: expect.arrayContaining([expect.anything()]) },
    });
    // ECS takes a canary of a service that is in a load balancer or offers itself in Service Connect.
    expect(LoadBalancers).toEqual([]);
    expect(ServiceConnectConfiguration).toMatchObject({ Enabled: true, Services: [{ PortName: 'http' }] });
  });
});

describe('how many tasks there are', () => {
  it('has the least of them on capacity that stays, and of others the share that the environment says on Spot', () => {
    expect(serviceOf(prod, 'predict').CapacityProviderStrategy).toEqual([
      { CapacityProvider: 'FARGATE', Base: prod.services.predict.minTasks, Weight: 5 },
      { CapacityProvider: 'FARGATE_SPOT', Weight: 5 },
    ]);
    expect(serviceOf(prod, 'core').CapacityProviderStrategy).toEqual([
      { CapacityProvider: 'FARGATE', Base: prod.services.core.minTasks, Weight: 1 },
    ]);
  });

  it('follows processors everywhere, requests where there are some, and messages for each task where it consumes', () => {
    const policies = Object.keys(templateOf(prod).findResources('AWS::ApplicationAutoScaling::ScalingPolicy'));
    const of = (id: string) =>
      policies
        .map((key) => new RegExp(`^${id}Scaling(?:Tasks)?(\\w+)[0-9A-F]{8}$`).exec(key)?.[1])
        .filter((kind) => kind !== undefined)
        .sort();
    expect(of('Core')).toEqual(['Lag', 'Processors']);
    expect(of('EnterpriseInfo')).toEqual(['Lag', 'Processors', 'Requests']);
    expect(of('Predict')).toEqual(['Processors', 'Requests']);
    expect(of('PredictRegistry')).toEqual(['Lag', 'Processors', 'Requests']);
  });

  it('divides what waits by the tasks there are', () => {
    const { TargetTrackingScalingPolicyConfiguration: policy } = of(
      prod,
      'AWS::ApplicationAutoScaling::ScalingPolicy',
      'CoreScalingLag',
    );
    const metrics = listOf(at(policy, 'CustomizedMetricSpecification.Metrics'));
    expect(metrics.at(-1)).toEqual({
      Id: 'perTask',
      Expression: '(FILL(part0, 0) + FILL(part1, 0) + FILL(part2, 0)) / tasks',
      ReturnData: true,
    });
    expect(JSON.stringify(metrics)).toContain('"Value":"core.sagas"');
  });
});

describe('what a service may do', () => {
  const topicsFor = (name: ServiceName, action: string): string[] =>
    policyOf(name)
      .filter(({ Action }) => listOf(Action).includes(action))
      .flatMap(({ Resource }) => listOf(Resource).map((arn) => JSON.stringify(arn)))
      .map((arn) => /"\/([^"]+)"\]\]\}$/.exec(arn)?.[1] ?? arn)
      .sort();

  it('is to write its own topics and to put aside what it consumes, and no other', () => {
    expect(topicsFor('predict', 'kafka-cluster:WriteData')).toEqual(['prediction.lifecycle.v1']);
    expect(topicsFor('core', 'kafka-cluster:WriteData')).toEqual([
      'command.core.v1.dlq',
      'command.core.v1.retry',
      'command.enterprise-info.v1',
      'operation.lifecycle.v1',
      'reply.core.v1.dlq',
      'reply.core.v1.retry',
      'tenant.lifecycle.v1.dlq',
      'tenant.lifecycle.v1.retry',
    ]);
  });

  it('is to be a member of its own groups alone', () => {
    expect(topicsFor('core', 'kafka-cluster:AlterGroup')).toEqual(['core.sagas']);
    expect(topicsFor('predict', 'kafka-cluster:AlterGroup')).toEqual(['latest.predict.*']);
    expect(topicsFor('predict-registry', 'kafka-cluster:AlterGroup')).toEqual([
      'latest.predict-registry.*',
      'predict-recorder',
      'predict-recorder.retry',
    ]);
  });

  it('has the keys of cursors of each service that gives out lists rotated every 90 days', () => {
    const template = templateOf(prod);
    template.resourceCountIs('AWS::SecretsManager::Secret', 2);
    template.resourceCountIs('AWS::SecretsManager::RotationSchedule', 2);
    template.allResourcesProperties('AWS::SecretsManager::RotationSchedule', {
      RotationRules: { ScheduleExpression: 'rate(90 days)' },
    });
  });

  it('is not to change files or secrets for predict, nor to see any for core', () => {
    const actionsOf = (name: ServiceName) => policyOf(name).flatMap(({ Action }) => listOf(Action).map(String));
    expect(actionsOf('predict')).not.toEqual(expect.arrayContaining(['s3:PutObject']));
    expect(actionsOf('predict').filter((action) => String(action).startsWith('secretsmanager:'))).toEqual([
      'secretsmanager:GetSecretValue',
    ]);
    expect(actionsOf('core').filter((action) => /^(s3|secretsmanager|kms):/.test(action))).toEqual([]);
  });

  it('has no `*` as a whole resource, but for traces, which are of none', () => {
    for (const name of names) {
      const whole = policyOf(name).filter(({ Resource }) => listOf(Resource).includes('*'));
      expect(whole.map(({ Action }) => listOf(Action))).toEqual([['xray:PutTraceSegments']]);
    }
  });
});

describe('services among themselves', () => {
  it('speak TLS where the environment has an authority, and have a name in any case', () => {
    const mesh = (environment: Environment, name: ServiceName) =>
      (serviceOf(environment, name).ServiceConnectConfiguration as { Services: Properties[] }).Services;
    for (const name of names) {
      expect(mesh(prod, name)).toEqual([expect.objectContaining({ Tls: expect.anything() })]);
      expect(mesh(dev, name)).toEqual([
        expect.objectContaining({ ClientAliases: [{ DnsName: name, Port: 80 }], IngressPortOverride: 8443 }),
      ]);
      expect(mesh(dev, name)[0]).not.toHaveProperty('Tls');
    }
    templateOf(dev).resourceCountIs('AWS::ACMPCA::CertificateAuthority', 0);
    templateOf(prod).resourceCountIs('AWS::ACMPCA::CertificateAuthority', 1);
  });
});

describe('the platform', () => {
  it('says in Parameter Store where it is reached, in the form of the contract', () => {
    const { Name, Value } = of(prod, 'AWS::SSM::Parameter', 'DeploymentParameter');
    expect(Name).toBe('/kolate/prod/deployment');
    const text = JSON.stringify(Value);
    for (const part of ['url', 'grpc', 'issuer', 'scopePrefix', 'loginClientId', 'operatorSecret']) {
      expect(text).toContain(`\\"${part}\\":`);
    }
  });
});

describe.each(names)('the traces of %s', (name) => {
  const containersOf = (environment: Environment) =>
    of(environment, 'AWS::ECS::TaskDefinition', `${ids[name]}TaskDefinition`).ContainerDefinitions as Properties[];

  it('are taken by a collector in its task, which ends after it and may fail alone', () => {
    const [service, collector] = containersOf(prod);
    expect(service).toMatchObject({
      Environment: expect.arrayContaining([{ Name: 'KOLATE_TRACES_ENDPOINT', Value: 'http://127.0.0.1:4318' }]),
      DependsOn: [{ ContainerName: 'traces', Condition: 'START' }],
    });
    expect(collector).toMatchObject({
      ...{ Name: 'traces', Essential: false, User: '10001:10001', ReadonlyRootFilesystem: true },
      Image: expect.stringMatching(/^public\.ecr\.aws\/aws-observability\/aws-otel-collector@sha256:[0-9a-f]{64}$/),
      HealthCheck: { Command: ['CMD', '/healthcheck'] },
      RestartPolicy: { Enabled: true },
    });
    const group = (container: unknown) => at(container, 'LogConfiguration.Options.awslogs-group');
    expect(group(collector)).toEqual(group(service));
    expect(collector).not.toHaveProperty('PortMappings');
  });

  it('fit into the memory of the task, beside the service and the proxy of the mesh', () => {
    const [service, collector] = containersOf(prod);
    const used = Number(at(service, 'Memory')) + Number(at(collector, 'Memory'));
    expect(used).toBe(prod.services[name].memoryMib - 64);
  });

  it('are listened for on loopback alone, and go to X-Ray', () => {
    const [, collector] = containersOf(prod);
    const [content] = at(collector, 'Environment') as Named[];
    expect(content?.Name).toBe('AOT_CONFIG_CONTENT');
    const { receivers, extensions, service } = JSON.parse(String(content?.Value));
    expect([receivers.otlp.protocols, extensions.health_check]).toEqual([
      { http: { endpoint: '127.0.0.1:4318' } },
      { endpoint: '127.0.0.1:13133' },
    ]);
    expect(service.pipelines.traces).toMatchObject({ receivers: ['otlp'], exporters: ['awsxray'] });
  });

  it('are none where the environment has them off', () => {
    const containers = containersOf(dev);
    expect(containers).toHaveLength(1);
    expect(JSON.stringify(containers)).not.toContain('KOLATE_TRACES');
  });
});

it('lets enterprise-info write exports, those of a change of tier, and certificates', () => {
  const writes = policyOf('enterprise-info').filter(({ Action }) => [Action].flat().includes('s3:PutObject'));
  const text = JSON.stringify(writes.map(({ Resource }) => Resource));
  for (const prefix of ['offboardings/', 'tier-changes/', 'certificates/']) expect(text).toContain(`/${prefix}*`);
});

describe('who makes users of tenants in the pool', () => {
  const statements = policyOf('enterprise-info');
  const allowing = (action: string) => statements.filter(({ Action }) => [Action].flat().includes(action));

  it('may change those of its own environment alone, and let them into the one group', () => {
    for (const [action, tag] of [
      ['CreateUser', 'aws:RequestTag/kolate:environment'],
      ['ModifyUser', 'aws:ResourceTag/kolate:environment'],
      ['DeleteUser', 'aws:ResourceTag/kolate:environment'],
    ] as const) {
      const [statement, ...more] = allowing(`elasticache:${action}`);
      expect(more).toEqual([]);
      expect(JSON.stringify(statement?.Resource)).toContain(':user:t-*');
      expect(statement?.Condition).toEqual({ StringEquals: { [tag]: prod.name } });
    }
    const groups = allowing('elasticache:ModifyUserGroup').flatMap(({ Resource }) => [Resource].flat());
    expect(groups).toHaveLength(2);
    expect(JSON.stringify(groups)).toContain(':usergroup:');
  });

  it('reads the administrators’ passwords, which no other service may', () => {
    const reads = (name: ServiceName) =>
      JSON.stringify(policyOf(name).filter(({ Action }) => [Action].flat().includes('secretsmanager:GetSecretValue')));
    const { Environment: variables } = containerOf(prod, 'enterprise-info');
    for (const secret of ['KOLATE_POOL_POSTGRES_SECRET', 'KOLATE_POOL_DOCUMENTS_SECRET']) {
      const arn = JSON.stringify((variables as Named[]).find(({ Name }) => Name === secret)?.Value);
      expect(reads('enterprise-info')).toContain(arn);
      for (const name of ['core', 'predict', 'predict-registry'] as const) expect(reads(name)).not.toContain(arn);
    }
  });
});
