import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { ComparisonOperator, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import * as docdb from 'aws-cdk-lib/aws-docdb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Environment } from '../config/environment';
import { acknowledge } from './acknowledge';
import { backUp } from './back-up';
import { KolateAlarm } from './kolate-alarm';
import { letIn } from './let-in';
import type { SecretRotation } from './secret-rotation';
import { addStoreLogs, storeName } from './store-logs';

export type CoreDocumentsProps = {
  readonly vpc: ec2.IVpc;
  readonly key: IKey;
  readonly alarmTopic: ITopic;
  readonly environment: Pick<Environment, 'name' | 'coreData' | 'logDays'>;
  readonly rotation: SecretRotation;
};

const port = 27_018;

/** DocumentDB for the documents of tenants that share stores. TLS only; the administrator makes users of single databases. */
export class CoreDocuments extends Construct implements ec2.IConnectable {
  /** Of the administrator, who makes the users of tenants: JSON with `username`, `password`, `host` and `port`. */
  readonly adminSecret: ISecret;
  readonly host: string;
  readonly port = port;
  readonly connections: ec2.Connections;
  private readonly securityGroup: ec2.SecurityGroup;
  private readonly key: IKey;

  constructor(scope: Construct, id: string, props: CoreDocumentsProps) {
    super(scope, id);
    const { vpc, key, environment } = props;
    const { documents, backupDays } = environment.coreData;
    this.securityGroup = new ec2.SecurityGroup(this, 'Clients', {
      vpc,
      allowAllOutbound: false,
      description: 'Core DocumentDB',
    });
    this.connections = new ec2.Connections({ securityGroups: [this.securityGroup], defaultPort: ec2.Port.tcp(port) });
    const dbClusterName = storeName(this);
    const logs = addStoreLogs(this, `/aws/docdb/${dbClusterName}`, ['audit', 'profiler'], {
      key,
      logDays: environment.logDays,
    });
    const cluster = new docdb.DatabaseCluster(this, 'Cluster', {
      dbClusterName,
      engineVersion: '5.0.0',
      port,
      vpc,
      vpcSubnets: { subnetGroupName: 'data' },
      securityGroup: this.securityGroup,
      // Not managed by DocumentDB: CloudFormation would not say then which secret it is.
      masterUser: { username: 'kolate_admin', kmsKey: key, excludeCharacters: '"@/:' },
      storageEncrypted: true,
      kmsKey: key,
      instanceType: new ec2.InstanceType(documents.instanceType),
      instances: documents.instances,
      parameterGroup: new docdb.ClusterParameterGroup(this, 'Parameters', {
        family: 'docdb5.0',
        // Milliseconds: operations that take longer are logged.
        parameters: { tls: 'tls1.2+', audit_logs: 'enabled', profiler: 'enabled', profiler_threshold_ms: '1000' },
      }),
      exportAuditLogsToCloudWatch: true,
      exportProfilerLogsToCloudWatch: true,
      enablePerformanceInsights: true,
      backup: { retention: Duration.days(backupDays) },
      copyTagsToSnapshot: true,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      instanceRemovalPolicy: RemovalPolicy.RETAIN,
      securityGroupRemovalPolicy: RemovalPolicy.RETAIN,
    });
    cluster.node.addDependency(...logs);
    this.host = cluster.clusterEndpoint.hostname;
    // Without it nobody gets into what is kept.
    const drawn = cluster.node.findChild('Secret');
    if (drawn instanceof Secret) drawn.applyRemovalPolicy(RemovalPolicy.RETAIN);
    if (cluster.secret) props.rotation.rotate(cluster.secret, this);
    // Without its key, which would want to name whoever may read it: a stack cannot depend on those that depend on it.
    this.adminSecret = Secret.fromSecretCompleteArn(this, 'Admin', cluster.secret?.secretArn ?? '');
    this.key = key;
    backUp(cluster, environment, 'daily');
    explain(cluster);
    addAlarms(this, dbClusterName, props);
  }

  /** Lets `peer` reach the database. The rules stand in the stack of `peer`. */
  allowFrom(peer: ec2.IConnectable): void {
    letIn(this.securityGroup, peer, ec2.Port.tcp(port), 'DocumentDB over TLS');
  }

  /** To read the administrator's password. */
  grantAdmin(grantee: IGrantable): void {
    this.adminSecret.grantRead(grantee);
    this.key.grantDecrypt(grantee);
  }
}

function explain(cluster: docdb.DatabaseCluster): void {
  for (const event of ['authenticate', 'createIndex', 'dropCollection']) {
    const inAudit = 'These are events of the audit log, which is exported as a whole.';
    acknowledge(cluster, `AwsSolutions-DOC5[LogExport::${event}]`, inAudit);
  }
  acknowledge(cluster, 'AwsSolutions-DOC3', 'The name and the password are generated, in a secret of their own.');
}

function addAlarms(scope: Construct, clusterName: string, { alarmTopic: topic }: CoreDocumentsProps): void {
  const metric = (metricName: string, statistic: string) =>
    new Metric({
      namespace: 'AWS/DocDB',
      metricName,
      dimensionsMap: { DBClusterIdentifier: clusterName },
      statistic,
      period: Duration.minutes(5),
    });
  new KolateAlarm(scope, 'Busy', {
    topic,
    metric: metric('CPUUtilization', 'Average'),
    threshold: 80,
    evaluationPeriods: 3,
    description: 'DocumentDB has had 80 % of its processors in use for 15 minutes.',
    runbook: 'documents-busy',
  });
  new KolateAlarm(scope, 'CacheMisses', {
    topic,
    metric: metric('BufferCacheHitRatio', 'Minimum'),
    threshold: 90,
    comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
    evaluationPeriods: 6,
    description: 'DocumentDB has read more than a tenth from its disks for half an hour: its memory is too small.',
    runbook: 'documents-cache-misses',
  });
}
