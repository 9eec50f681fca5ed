import { Validations } from 'aws-cdk-lib';
import type { IUserPool } from 'aws-cdk-lib/aws-cognito';
import type { IConnectable, IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IGrantable, IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { ServiceName } from '../../src/contracts/http/route';
import { topics } from '../../src/contracts/topics';
import type { CoreCache } from '../constructs/core-cache';
import type { CoreDocuments } from '../constructs/core-documents';
import type { CorePostgres } from '../constructs/core-postgres';
import { KolateKey } from '../constructs/kolate-key';
import type { MessageBus } from '../constructs/message-bus';
import { backlogOf } from '../constructs/services/backlog';
import { CursorKey } from '../constructs/services/cursor-key';
import { grantFiles } from '../constructs/services/grant-files';
import { grantTenantSecrets } from '../constructs/services/grant-tenant-secrets';
import { KolateService } from '../constructs/services/kolate-service';
import { PlatformParameters } from '../constructs/services/platform-parameters';
import { ServiceCluster } from '../constructs/services/service-cluster';
import { ports } from '../constructs/services/service-variables';
import type { Entrance } from '../constructs/services/target-pair';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export type ServicesStackProps = KolateStackProps & {
  readonly vpc: IVpc;
  readonly bus: MessageBus;
  readonly data: { readonly postgres: CorePostgres; readonly documents: CoreDocuments; readonly cache: CoreCache };
  readonly storage: { readonly models: IBucket; readonly exports: IBucket };
  readonly ingress: { readonly http: Entrance; readonly grpc: Entrance };
  readonly identity: { readonly userPool: IUserPool; readonly issuerUrl: string };
  readonly provisioning: {
    readonly templateUrl: string;
    readonly roleArn: string;
    grantProvision(grantee: IGrantable): void;
  };
  readonly permissionsBoundary: IManagedPolicy;
  readonly alarmTopic: ITopic;
};

/** Every deployable of ours, with what each may do. */
export class ServicesStack extends KolateStack {
  readonly cluster: ServiceCluster;
  readonly services: Readonly<Record<ServiceName, KolateService<ServiceName>>>;
  private readonly key: KolateKey;

  constructor(
    scope: Construct,
    private readonly props: ServicesStackProps,
  ) {
    super(scope, 'services', props);
    const { vpc, environment } = props;
    this.key = new KolateKey(this, 'Key', 'Logs of the services');
    this.cluster = new ServiceCluster(this, 'Cluster', { vpc, key: this.key, environment });
    this.services = {
      core: this.core(),
      'enterprise-info': this.enterpriseInfo(),
      predict: this.predict(),
      'predict-registry': this.predictRegistry(),
    };
    this.tell();
    Validations.of(this).acknowledge({
      id: 'NIST.800.53.R5-IAMNoInlinePolicy',
      reason: 'Each policy is of one role and goes with it; a managed one could be attached elsewhere by mistake.',
    });
  }

  private core(): KolateService<'core'> {
    const { bus } = this.props;
    const consumed = [topics.tenantLifecycle, topics.replyCore, topics.commandCore];
    const core = new KolateService(this, 'Core', {
      ...this.common(),
      name: 'core',
      variables: this.variables('core'),
      backlog: backlogOf(bus, 'core.sagas', 500, consumed),
    });
    this.letIntoPostgres(core, 'core');
    bus.allowFrom(core);
    bus.grantConsume(core, 'core.sagas', ...consumed);
    bus.grantProduce(core, topics.commandEnterpriseInfo, topics.operationLifecycle);
    return core;
  }

  private enterpriseInfo(): KolateService<'enterprise-info'> {
    const { bus, data, storage, ingress, provisioning } = this.props;
    const consumed = [topics.commandEnterpriseInfo, topics.operationLifecycle, topics.tenantLifecycle];
    const info = new KolateService(this, 'EnterpriseInfo', {
      ...this.common(),
      name: 'enterprise-info',
      variables: {
        ...this.variables('enterprise_info'),
        ...this.files(),
        KOLATE_EXPORTS_BUCKET: storage.exports.bucketName,
        KOLATE_TENANT_DRIVER: 'cloudformation',
        KOLATE_TENANT_TEMPLATE_URL: provisioning.templateUrl,
        KOLATE_PROVISIONING_ROLE_ARN: provisioning.roleArn,
        KOLATE_CURSOR_KEY: this.cursorKey('enterprise-info'),
      },
      entrance: { ...ingress.http, priority: 100 },
      load: { requestsPerMinute: 12_000, p95Ms: 500 },
      backlog: backlogOf(bus, 'enterprise-info', 100, consumed),
    });
    this.letIntoPostgres(info, 'enterprise_info');
    for (const store of [data.documents, data.cache, bus]) store.allowFrom(info);
    bus.grantConsume(info, 'enterprise-info', ...consumed);
    bus.grantProduce(info, topics.tenantLifecycle, topics.replyCore, topics.commandCore);
    grantFiles(info, 'purge', storage.models, 'models/');
    grantFiles(info, 'write', storage.exports, 'offboardings/', 'tier-changes/');
    grantTenantSecrets(info, 'keep');
    provisioning.grantProvision(info);
    return info;
  }

  private predict(): KolateService<'predict'> {
    const { bus, storage, ingress, environment } = this.props;
    const { memoryMib } = environment.services.predict;
    const predict = new KolateService(this, 'Predict', {
      ...this.common(),
      name: 'predict',
      variables: {
        ...this.variables('predict'),
        ...this.files(),
        KOLATE_GRPC_PORT: String(ports.grpc),
        // The rest is for JavaScript, for calls of models and for processes of those that are contained.
        KOLATE_MODEL_CACHE_BYTES: String(Math.floor(memoryMib * 0.35) * 1_048_576),
        KOLATE_INFER_DEADLINE_MS: '10000',
        KOLATE_QUARANTINE_FILE: '/tmp/quarantine.json',
      },
      heapShare: 0.3,
      // The watchdog ends the process that a model holds up; the next one reads in the file which model it was.
      restartInPlace: true,
      entrance: { ...ingress.http, priority: 200 },
      grpcEntrance: { ...ingress.grpc, priority: 200, healthPath: '/inference.GRPCInferenceService/ServerLive' },
      load: { requestsPerMinute: 60_000, p95Ms: 100 },
    });
    this.letIntoPostgres(predict, 'predict');
    bus.allowFrom(predict);
    bus.grantFollow(predict, 'latest.predict.*', topics.modelLifecycle, topics.tenantLifecycle);
    bus.grantProduce(predict, topics.predictionLifecycle);
    grantFiles(predict, 'read', storage.models, 'models/');
    grantTenantSecrets(predict, 'read');
    return predict;
  }

  private predictRegistry(): KolateService<'predict-registry'> {
    const { bus, storage, ingress } = this.props;
    const registry = new KolateService(this, 'PredictRegistry', {
      ...this.common(),
      name: 'predict-registry',
      variables: {
        ...this.variables('predict'),
        ...this.files(),
        KOLATE_CURSOR_KEY: this.cursorKey('predict-registry'),
      },
      heapShare: 0.4,
      entrance: { ...ingress.http, priority: 300 },
      load: { requestsPerMinute: 12_000, p95Ms: 500 },
      backlog: backlogOf(bus, 'predict-recorder', 5_000, [topics.predictionLifecycle]),
    });
    this.letIntoPostgres(registry, 'predict');
    bus.allowFrom(registry);
    for (const group of ['predict-recorder', 'predict-recorder.retry']) {
      bus.grantConsume(registry, group, topics.predictionLifecycle);
    }
    bus.grantFollow(registry, 'latest.predict-registry.*', topics.tenantLifecycle);
    bus.grantProduce(registry, topics.modelLifecycle);
    grantFiles(registry, 'write', storage.models, 'models/');
    grantTenantSecrets(registry, 'read');
    return registry;
  }

  private common() {
    const { environment, permissionsBoundary, alarmTopic } = this.props;
    return { cluster: this.cluster, environment, permissionsBoundary, alarmTopic, key: this.key };
  }

  private variables(user: string) {
    const { identity, bus, data } = this.props;
    return {
      KOLATE_ISSUER_URL: identity.issuerUrl,
      KOLATE_KAFKA_CLUSTER_ARN: bus.clusterArn,
      KOLATE_POSTGRES_URL: data.postgres.url(user),
    };
  }

  private files() {
    const { storage } = this.props;
    return {
      KOLATE_S3_REGION: this.region,
      KOLATE_SECRETS: 'aws',
      KOLATE_MODELS_BUCKET: storage.models.bucketName,
    };
  }

  private cursorKey(service: ServiceName) {
    return new CursorKey(this, `CursorKey-${service}`, { key: this.key, service }).value;
  }

  private letIntoPostgres(service: IGrantable & IConnectable, user: string): void {
    const { postgres } = this.props.data;
    postgres.allowFrom(service);
    postgres.grantConnect(service, user);
  }

  private tell(): void {
    const { environment, identity } = this.props;
    const { name } = environment.domain;
    new PlatformParameters(this, 'Parameters', {
      environmentName: environment.name,
      values: {
        apiUrl: `https://api.${name}`,
        consoleUrl: `https://console.${name}`,
        grpcAddress: `grpc.${name}:443`,
        issuerUrl: identity.issuerUrl,
        userPoolId: identity.userPool.userPoolId,
        cluster: this.cluster.cluster.clusterName,
      },
    });
  }
}
