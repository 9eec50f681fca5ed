import { CfnDeletionPolicy, Names, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { AccountRootPrincipal, Grant, type IGrantable, type IManagedPolicy, Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnDomain, EngineVersion } from 'aws-cdk-lib/aws-opensearchservice';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Environment } from '../config/environment';
import { acknowledge } from './acknowledge';
import { explainPolicy } from './explain-policy';
import { letIn } from './let-in';
import { addSearchAlarms } from './search-alarms';
import { SearchLogs } from './search-logs';

export type SearchDomainProps = {
  readonly vpc: ec2.IVpc;
  /** A `KolateKey`: it encrypts what is indexed, and the logs. */
  readonly key: IKey;
  readonly alarmTopic: ITopic;
  readonly boundary: IManagedPolicy;
  readonly environment: Pick<Environment, 'search' | 'network' | 'logDays'>;
};

const port = 443;
/** What OpenSearch takes as the name of a domain. */
const nameLength = 28;
const requests = ['Get', 'Head', 'Post', 'Put', 'Patch', 'Delete'].map((method) => `es:ESHttp${method}`);

/**
 * OpenSearch in the data subnets. TLS only, and signed requests only: IAM says who may ask at all, the domain's own roles
 * which indexes. AWS takes a snapshot each hour and keeps those of two weeks.
 */
export class SearchDomain extends Construct implements ec2.IConnectable {
  readonly host: string;
  readonly connections: ec2.Connections;
  /** Gives the roles of services their indexes, by the domain's own API; to be taken on by operators. */
  readonly admin: Role;
  private readonly arn: string;
  private readonly securityGroup: ec2.SecurityGroup;

  constructor(scope: Construct, id: string, props: SearchDomainProps) {
    super(scope, id);
    const { vpc, boundary, environment } = props;
    const name = Names.uniqueResourceName(this, { maxLength: nameLength, separator: '-' }).toLowerCase();
    this.arn = Stack.of(this).formatArn({ service: 'es', resource: 'domain', resourceName: name });
    this.securityGroup = new ec2.SecurityGroup(this, 'Clients', {
      vpc,
      allowAllOutbound: false,
      description: 'OpenSearch',
    });
    this.connections = new ec2.Connections({ securityGroups: [this.securityGroup], defaultPort: ec2.Port.tcp(port) });
    this.admin = new Role(this, 'Admin', {
      assumedBy: new AccountRootPrincipal(),
      description: 'Says which indexes of OpenSearch a service may see',
      permissionsBoundary: boundary,
    });
    this.grantConnect(this.admin);
    explainPolicy(this.admin, [[/:domain\/.*\/\*$/, 'Which index it is, the domain’s own roles decide.']]);
    const logs = new SearchLogs(this, 'Logs', { ...props, domainName: name, logDays: environment.logDays });
    const domain = this.makeDomain(name, props, logs);
    this.host = domain.attrDomainEndpoint;
    explain(domain, environment.search);
    addSearchAlarms(this, { topic: props.alarmTopic, domainName: name, diskGib: environment.search.diskGib });
  }

  /** Lets `peer` reach the domain. The rules stand in the stack of `peer`. */
  allowFrom(peer: ec2.IConnectable): void {
    letIn(this.securityGroup, peer, ec2.Port.tcp(port), 'OpenSearch over TLS');
  }

  /** To send requests; what they may do, the domain's own roles say, which the administrator maps. */
  grantConnect(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({ grantee, actions: requests, resourceArns: [`${this.arn}/*`] });
  }

  private makeDomain(name: string, { vpc, key, environment }: SearchDomainProps, logs: SearchLogs): CfnDomain {
    const { search, network } = environment;
    const { subnetIds } = vpc.selectSubnets({ subnetGroupName: 'data' });
    const domain = new CfnDomain(this, 'Domain', {
      domainName: name,
      engineVersion: EngineVersion.OPENSEARCH_3_5.version,
      clusterConfig: clusterOf(search, network.zones.length),
      ebsOptions: { ebsEnabled: true, volumeType: 'gp3', volumeSize: search.diskGib },
      vpcOptions: {
        subnetIds: subnetIds.slice(0, zonesOf(search, network.zones.length)),
        securityGroupIds: [this.securityGroup.securityGroupId],
      },
      encryptionAtRestOptions: { enabled: true, kmsKeyId: key.keyId },
      nodeToNodeEncryptionOptions: { enabled: true },
      domainEndpointOptions: { enforceHttps: true, tlsSecurityPolicy: 'Policy-Min-TLS-1-2-PFS-2023-10' },
      advancedSecurityOptions: {
        enabled: true,
        internalUserDatabaseEnabled: false,
        masterUserOptions: { masterUserArn: this.admin.roleArn },
      },
      accessPolicies: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: new AccountRootPrincipal().arn },
            Action: requests,
            Resource: `${this.arn}/*`,
          },
        ],
      },
      logPublishingOptions: logs.options,
      offPeakWindowOptions: { enabled: true },
      softwareUpdateOptions: { autoSoftwareUpdateEnabled: true },
    });
    // A later version comes to the domain that is there, and makes no new one.
    domain.cfnOptions.updatePolicy = { enableVersionUpgrade: true };
    domain.applyRemovalPolicy(RemovalPolicy.RETAIN);
    domain.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    domain.node.addDependency(logs);
    return domain;
  }
}

/** One node is in one zone, more are in all of them; OpenSearch knows no more than three. */
const zonesOf = ({ nodes }: Environment['search'], zones: number): number => (nodes === 1 ? 1 : Math.min(zones, 3));

function clusterOf(search: Environment['search'], all: number): CfnDomain.ClusterConfigProperty {
  const { instanceType, nodes, masterType } = search;
  const zones = zonesOf(search, all);
  return {
    instanceType,
    instanceCount: nodes,
    zoneAwarenessEnabled: zones > 1,
    ...(zones > 1 ? { zoneAwarenessConfig: { availabilityZoneCount: zones } } : {}),
    dedicatedMasterEnabled: masterType !== undefined,
    ...(masterType === undefined ? {} : { dedicatedMasterType: masterType, dedicatedMasterCount: 3 }),
    // One zone of three stands by with a whole copy, and takes over within a minute: every index has to have three copies.
    multiAzWithStandbyEnabled: masterType !== undefined && zones === 3,
  };
}

function explain(domain: CfnDomain, { nodes, masterType }: Environment['search']): void {
  acknowledge(domain, 'AwsSolutions-OS3', 'Security groups say who comes; addresses of tasks are not known before.');
  acknowledge(
    domain,
    'cdk-validator-cfnguard::opensearch_https_required_check',
    'The policy is TLS 1.2 or 1.3 with forward secrecy, which is younger than the rule.',
  );
  const small = 'An environment that is no production has few nodes, to cost little.';
  const ofSize: readonly (readonly [id: string, isSo: boolean])[] = [
    ['AwsSolutions-OS4', masterType === undefined],
    ['AwsSolutions-OS7', nodes === 1],
    ['cdk-validator-cfnguard::opensearch_data_node_fault_tolerance_check', nodes < 3],
  ];
  for (const [id, isSo] of ofSize) if (isSo) acknowledge(domain, id, small);
}
