import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Environment } from '../config/environment';
import { addPostgresAlarms } from './postgres-alarms';
import { addStoreLogs, storeName } from './store-logs';

export type CorePostgresProps = {
  readonly vpc: ec2.IVpc;
  readonly key: IKey;
  readonly alarmTopic: ITopic;
  readonly postgres: Environment['coreData']['postgres'];
  readonly backupDays: number;
  readonly logDays: number;
};

const port = 5433;
const database = 'kolate';

/** Aurora PostgreSQL that grows and shrinks with its load. Services come in with IAM tokens over TLS. */
export class CorePostgres extends Construct implements ec2.IConnectable {
  /** Of the administrator, made and rotated each week by RDS: for whoever makes roles and databases. */
  readonly adminSecret: ISecret;
  readonly host: string;
  readonly port = port;
  readonly database = database;
  readonly connections: ec2.Connections;
  private readonly cluster: rds.DatabaseCluster;

  constructor(scope: Construct, id: string, props: CorePostgresProps) {
    super(scope, id);
    const { vpc, key, alarmTopic, postgres } = props;
    const securityGroup = new ec2.SecurityGroup(this, 'Clients', {
      vpc,
      allowAllOutbound: false,
      description: 'Core PostgreSQL',
    });
    this.connections = new ec2.Connections({ securityGroups: [securityGroup], defaultPort: ec2.Port.tcp(port) });
    const clusterIdentifier = storeName(this);
    const logKinds = ['postgresql', 'iam-db-auth-error'];
    const logs = addStoreLogs(this, `/aws/rds/cluster/${clusterIdentifier}`, logKinds, props);
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
      securityGroups: [securityGroup],
      manageMasterUserPassword: true,
      credentials: rds.Credentials.fromUsername('kolate_admin', { encryptionKey: key }),
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
      backup: { retention: Duration.days(props.backupDays) },
      copyTagsToSnapshot: true,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.cluster.node.addDependency(...logs);
    this.host = this.cluster.clusterEndpoint.hostname;
    // With `manageMasterUserPassword` there always is one.
    this.adminSecret = this.cluster.secret as ISecret;
    addPostgresAlarms(this, { topic: alarmTopic, cluster: this.cluster, postgres });
  }

  /** Lets `peer` reach the database. The rules stand in the stack of `peer`. */
  allowFrom(peer: ec2.IConnectable): void {
    peer.connections.allowTo(this, ec2.Port.tcp(port), 'PostgreSQL over TLS');
  }

  /** To sign in as the role `user`, which migrations have made and granted `rds_iam`. */
  grantConnect(grantee: IGrantable, user: string): Grant {
    return this.cluster.grantConnect(grantee, user);
  }

  /** For `KOLATE_POSTGRES_URL` with `KOLATE_POSTGRES_AUTH=iam`: no password. */
  url(user: string): string {
    return `postgresql://${user}@${this.host}:${port}/${database}`;
  }
}
