import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Environment } from '../config/environment';
import { acknowledge } from './acknowledge';
import { backUp } from './back-up';
import { letIn } from './let-in';
import { addPostgresAlarms } from './postgres-alarms';
import { addStoreLogs, storeName } from './store-logs';

export type CorePostgresProps = {
  readonly vpc: ec2.IVpc;
  readonly key: IKey;
  readonly alarmTopic: ITopic;
  readonly environment: Pick<Environment, 'name' | 'coreData' | 'logDays'>;
};

const port = 5433;
const database = 'kolate';
const adminUser = 'kolate_admin';

/** Aurora PostgreSQL that grows and shrinks with its load. Services come in with IAM tokens over TLS. */
export class CorePostgres extends Construct implements ec2.IConnectable {
  /** Of the administrator, made and rotated each week by RDS: for whoever makes roles and databases. */
  readonly adminSecret: ISecret;
  readonly adminUser = adminUser;
  readonly host: string;
  readonly port = port;
  readonly database = database;
  readonly connections: ec2.Connections;
  private readonly securityGroup: ec2.SecurityGroup;
  private readonly cluster: rds.DatabaseCluster;
  private readonly key: IKey;

  constructor(scope: Construct, id: string, props: CorePostgresProps) {
    super(scope, id);
    const { vpc, key, alarmTopic, environment } = props;
    const { postgres, backupDays } = environment.coreData;
    this.securityGroup = new ec2.SecurityGroup(this, 'Clients', {
      vpc,
      allowAllOutbound: false,
      description: 'Core PostgreSQL',
    });
    this.connections = new ec2.Connections({ securityGroups: [this.securityGroup], defaultPort: ec2.Port.tcp(port) });
    const clusterIdentifier = storeName(this);
    const logKinds = ['postgresql', 'iam-db-auth-error'];
    const logs = addStoreLogs(this, `/aws/rds/cluster/${clusterIdentifier}`, logKinds, {
      key,
      logDays: environment.logDays,
    });
    const engine = rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_18_6 });
    const insights = { enablePerformanceInsights: true, performanceInsightEncryptionKey: key };
    const instance = { autoMinorVersionUpgrade: true, publiclyAccessible: false, ...insights };
    this.cluster = new rds.DatabaseCluster(this, 'Cluster', {
      clusterIdentifier,
      engine,
      port,
      defaultDatabaseName: database,
      vpc,
      vpcSubnets: { subnetGroupName: 'data' },
      securityGroups: [this.securityGroup],
      manageMasterUserPassword: true,
      credentials: rds.Credentials.fromUsername(adminUser, { encryptionKey: key }),
      iamAuthentication: true,
      storageEncrypted: true,
      storageEncryptionKey: key,
      parameterGroup: new rds.ParameterGroup(this, 'Parameters', {
        engine,
        // Milliseconds: statements that take longer are logged.
        parameters: { 'rds.force_ssl': '1', log_min_duration_statement: '1000' },
        removalPolicy: RemovalPolicy.RETAIN,
      }),
      writer: rds.ClusterInstance.serverlessV2('Writer', instance),
      readers: Array.from({ length: postgres.readers }, (_, index) =>
        // The first reader is as large as the writer, to take its place at once.
        rds.ClusterInstance.serverlessV2(`Reader${index + 1}`, { ...instance, scaleWithWriter: index === 0 }),
      ),
      serverlessV2MinCapacity: postgres.minAcu,
      serverlessV2MaxCapacity: postgres.maxAcu,
      ...(postgres.minAcu === 0 ? { serverlessV2AutoPauseDuration: Duration.minutes(15) } : {}),
      autoMinorVersionUpgrade: true,
      monitoringInterval: Duration.seconds(60),
      ...insights,
      cloudwatchLogsExports: logKinds,
      backup: { retention: Duration.days(backupDays) },
      copyTagsToSnapshot: true,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.cluster.node.addDependency(...logs);
    this.host = this.cluster.clusterEndpoint.hostname;
    // Without its key, which would want to name whoever may read it: a stack cannot depend on those that depend on it.
    this.adminSecret = Secret.fromSecretCompleteArn(this, 'Admin', this.cluster.secret?.secretArn ?? '');
    this.key = key;
    backUp(this.cluster, environment, 'daily');
    this.explain();
    addPostgresAlarms(this, { topic: alarmTopic, cluster: this.cluster, postgres });
  }

  /** Lets `peer` reach the database. The rules stand in the stack of `peer`. */
  allowFrom(peer: ec2.IConnectable): void {
    letIn(this.securityGroup, peer, ec2.Port.tcp(port), 'PostgreSQL over TLS');
  }

  /** To sign in as the role `user`, which migrations have made and granted `rds_iam`. */
  grantConnect(grantee: IGrantable, user: string): Grant {
    return this.cluster.grantConnect(grantee, user);
  }

  /** To read the administrator's password. */
  grantAdmin(grantee: IGrantable): void {
    this.adminSecret.grantRead(grantee);
    this.key.grantDecrypt(grantee);
  }

  /** For `KOLATE_POSTGRES_URL` with `KOLATE_POSTGRES_AUTH=iam`: no password. */
  url(user: string): string {
    return `postgresql://${user}@${this.host}:${port}/${database}`;
  }

  private explain(): void {
    const policy = 'service-role/AmazonRDSEnhancedMonitoringRole';
    acknowledge(
      this.cluster,
      `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policy}]`,
      'RDS writes metrics of the system with it, in groups that AWS names; it grants nothing else.',
    );
    const ofCluster = 'Instances of Aurora hold nothing of their own; the cluster is in the plan.';
    acknowledge(this.cluster, 'NIST.800.53.R5-RDSInBackupPlan', ofCluster);
    acknowledge(
      this.cluster,
      'cdk-validator-cfnguard::rds_cluster_logging_enabled_check',
      'It exports the log of PostgreSQL, which the rule looks for, and that of refused IAM tokens, which it does not know.',
    );
  }
}
