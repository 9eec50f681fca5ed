import { CfnCondition, CfnOutput, CfnParameter, Fn, RemovalPolicy, Tags, Validations } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnSecurityGroup, CfnSecurityGroupEgress, CfnSecurityGroupIngress } from 'aws-cdk-lib/aws-ec2';
import type { CfnService } from 'aws-cdk-lib/aws-ecs';
import { CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnKey } from 'aws-cdk-lib/aws-kms';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnRotationSchedule } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { engineMemoryMib, sharedCellDemand } from '../../src/contracts/cells';
import {
  enginePorts,
  type MemberCount,
  memberCounts,
  memberPorts,
  sentinelPort,
  tenantHost,
  tenantMemberHosts,
} from '../../src/contracts/tenant-hosts';
import type { Environment } from '../config/environment';
import { tenantTemplateVersion } from '../config/tenant-template-version';
import { acknowledge } from '../constructs/acknowledge';
import { backUp } from '../constructs/back-up';
import { explainRetention } from '../constructs/explain-retention';
import { rotationRules } from '../constructs/rotation-schedule';
import { CellHost, type CellSize, readCellSize } from '../constructs/tenants/cell-host';
import { addTenantDiskAlarm } from '../constructs/tenants/tenant-disk-alarm';
import { TenantEngines } from '../constructs/tenants/tenant-engines';
import { readShared, type Shared, textParameter } from '../constructs/tenants/tenant-parameters';
import { TemplateStack } from './template-stack';

const uuid = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

type OwnHost = {
  readonly suffix: string;
  readonly place: { readonly slot: string; readonly subnet: string };
  readonly zone: string;
  readonly size: CellSize;
  readonly condition: CfnCondition;
};

/**
 * The stores of one tenant: engines on a host of its own, or in a slot of a shared cell. Everything that differs between
 * tenants is a parameter, so that one published template makes them all.
 */
export class TenantStack extends TemplateStack {
  private readonly tenantId = textParameter(this, 'TenantId', { allowedPattern: uuid });
  private readonly shared: Shared;
  private readonly key: CfnKey;

  constructor(scope: Construct, id: string, { name, logDays }: Pick<Environment, 'name' | 'logDays'>) {
    super(scope, id, 'The stores of one tenant of Kolate');
    const tenantId = this.tenantId;
    Tags.of(this).add('kolate:environment', name);
    backUp(this, { name }, 'daily');
    Tags.of(this).add('kolate:tier', textParameter(this, 'Tier', { allowedPattern: '^[a-z-]{1,32}$' }));
    const credentialsArn = textParameter(this, 'CredentialsArn', { allowedPattern: '^arn:.*:secretsmanager:.*' });
    const tlsArn = textParameter(this, 'TlsArn', { allowedPattern: '^arn:.*:secretsmanager:.*' });
    const sharedCell = textParameter(this, 'CellId', { default: '', allowedPattern: '^[a-z0-9-]{0,36}$' });
    const slot = new CfnParameter(this, 'Slot', { type: 'Number', default: 1, minValue: 1, maxValue: 3 });
    const index = new CfnParameter(this, 'SlotIndex', { type: 'Number', default: 0, minValue: 0, maxValue: 2 });
    this.shared = readShared(this, name);
    const ownCell = new CfnCondition(this, 'OwnCell', { expression: Fn.conditionEquals(sharedCell, '') });
    const cellId = Fn.conditionIf(ownCell.logicalId, tenantId, sharedCell).toString();
    const pick = (what: 'subnet' | 'zone') =>
      Fn.select(index.valueAsNumber, [this.shared[`${what}1`], this.shared[`${what}2`], this.shared[`${what}3`]]);
    const place = { cellId, slot: slot.valueAsString, subnet: pick('subnet') };
    const { diskGib: given } = sharedCellDemand;
    const disk = new CfnParameter(this, 'DiskGib', { type: 'Number', default: given, minValue: 1, maxValue: 16_384 });

    this.key = this.tenantKey();
    const log = this.log(logDays);
    const three = this.three();
    const ownThree = new CfnCondition(this, 'OwnThree', { expression: Fn.conditionAnd(ownCell, three) });
    // The first in the slot that it was given, and with three each in the slot of its number.
    const members = [
      { index: 1, suffix: '', place, zone: pick('zone'), condition: ownCell },
      ...([2, 3] as const).map((at) => ({
        ...{ index: at, suffix: `${at}`, zone: this.shared[`zone${at}`], condition: ownThree },
        place: { cellId, slot: `${at}`, subnet: this.shared[`subnet${at}`] },
      })),
    ] as const;
    const size = readCellSize(this);
    for (const member of members) this.host({ ...member, size });
    const shareOfAll = {
      ...{ shared: this.shared, tenantId, credentialsArn, tlsArn, log, region: this.region },
      taskRoleArn: this.taskRole().attrArn,
      groupId: this.group(three).attrGroupId,
      diskGib: Fn.conditionIf(ownCell.logicalId, '0', disk.valueAsString).toString(),
      memoryMib: {
        postgres: this.memory('Postgres', engineMemoryMib.postgres),
        mongo: this.memory('Mongo', engineMemoryMib.mongo),
        valkey: this.memory('Valkey', engineMemoryMib.valkey),
      },
    };
    const [first] = members.map(({ index, suffix, place: at }) => {
      const member = { index, three };
      const engines = new TenantEngines(this, `Engines${suffix}`, { ...shareOfAll, place: at, member });
      this.alarm(`EnginesDown${suffix}`, engines.service).cfnOptions.condition = index > 1 ? three : undefined;
      return engines;
    });
    const topicArn = this.shared.alarmTopic;
    const inSharedCell = new CfnCondition(this, 'InSharedCell', { expression: Fn.conditionNot(ownCell) });
    addTenantDiskAlarm(this, { tenantId, diskGib: disk.valueAsString, topicArn, condition: inSharedCell });
    if (first) this.rotatePasswords(credentialsArn, first.service);
    new CfnOutput(this, 'Endpoints', {
      value: Fn.conditionIf(three.logicalId, endpointsOf(tenantId, 3), endpointsOf(tenantId, 1)).toString(),
    });
    new CfnOutput(this, 'Version', { value: String(tenantTemplateVersion) });
    Validations.of(this).acknowledge({
      id: 'CloudFormation-Validate::E3511',
      reason: 'the value comes from the SSM parameter whose path is the default',
    });
  }

  /** Whether each engine has three members, on three hosts of its cell. */
  private three(): CfnCondition {
    // Text, as the linter compares the default with the allowed values, which are text whatever the type.
    const members = new CfnParameter(this, 'Members', {
      type: 'String',
      default: '1',
      allowedValues: memberCounts.map(String),
    });
    return new CfnCondition(this, 'Three', { expression: Fn.conditionEquals(members.valueAsString, '3') });
  }

  /** A host of the tenant's own cell, where there is one. */
  private host({ suffix, place, zone, size, condition }: OwnHost): void {
    const { launchTemplate } = new CellHost(this, `Host${suffix}`, {
      ...{ ...place, cellId: this.tenantId, zone, size, condition },
      ...{ shared: this.shared, keyArn: this.key.attrArn },
    });
    // A launch template alone does not get the tags of its stack, and the role that makes it is let by this one.
    const tags = [{ key: 'kolate:tenant', value: this.tenantId }];
    launchTemplate.tagSpecifications = [{ resourceType: 'launch-template', tags }];
    acknowledge(
      launchTemplate,
      'cdk-validator-cfnguard::ec2_launch_template_nitro_instance_type_check',
      'The type is a parameter that takes Graviton alone, and all of those are built on Nitro.',
    );
  }

  private memory = (engine: string, defaultMib: number): number =>
    new CfnParameter(this, `${engine}Mib`, { type: 'Number', default: defaultMib, minValue: 128, maxValue: 262_144 })
      .valueAsNumber;

  private tenantKey(): CfnKey {
    const allow = (principal: object, actions: string[], condition?: object) => ({
      ...{ Effect: 'Allow', Principal: principal, Action: actions, Resource: '*' },
      ...(condition ? { Condition: condition } : {}),
    });
    const key = new CfnKey(this, 'Key', {
      description: Fn.join(' ', ['Data of the tenant', this.tenantId]),
      enableKeyRotation: true,
      keyPolicy: {
        Version: '2012-10-17',
        Statement: [
          allow({ AWS: `arn:${this.partition}:iam::${this.account}:root` }, ['kms:*']),
          // As with every key of ours: a grant outlives the rights of whoever made it, and no policy shows it.
          {
            ...{ Effect: 'Deny', Principal: '*', Action: 'kms:CreateGrant', Resource: '*' },
            Condition: {
              BoolIfExists: { 'kms:GrantIsForAWSResource': 'false', 'aws:PrincipalIsAWSService': 'false' },
            },
          },
          allow(
            { Service: `logs.${this.region}.amazonaws.com` },
            ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
            { StringEquals: { 'aws:SourceAccount': this.account } },
          ),
        ],
      },
      tags: [{ key: 'kolate:tenant', value: this.tenantId }],
    });
    key.applyRemovalPolicy(RemovalPolicy.RETAIN);
    return key;
  }

  private log(retentionInDays: number): CfnLogGroup {
    const log = new CfnLogGroup(this, 'Log', { retentionInDays, kmsKeyId: this.key.attrArn });
    log.applyRemovalPolicy(RemovalPolicy.DESTROY);
    explainRetention(log, retentionInDays);
    return log;
  }

  private group(three: CfnCondition): CfnSecurityGroup {
    const group = new CfnSecurityGroup(this, 'Group', {
      vpcId: this.shared.vpc,
      groupDescription: 'Engines of one tenant: reached by the services of the platform alone',
      securityGroupIngress: Object.entries({ ...enginePorts, Sentinel: sentinelPort }).map(([engine, port]) => ({
        ipProtocol: 'tcp',
        fromPort: port,
        toPort: port,
        sourceSecurityGroupId: this.shared.clientGroup,
        description: `${engine} for the services`,
      })),
      securityGroupEgress: [
        { ipProtocol: 'tcp', fromPort: 443, toPort: 443, cidrIp: '0.0.0.0/0', description: 'S3 and CloudWatch by TLS' },
      ],
      tags: [{ key: 'kolate:tenant', value: this.tenantId }],
    });
    for (const [name, fromPort, toPort] of memberPorts) {
      const rule = {
        groupId: group.attrGroupId,
        ipProtocol: 'tcp',
        fromPort,
        toPort,
        description: `${name} of members`,
      };
      const peer = group.attrGroupId;
      for (const each of [
        new CfnSecurityGroupIngress(this, `${name}In`, { ...rule, sourceSecurityGroupId: peer }),
        new CfnSecurityGroupEgress(this, `${name}Out`, { ...rule, destinationSecurityGroupId: peer }),
      ]) {
        each.cfnOptions.condition = three;
      }
    }
    return group;
  }

  /** Engines may do nothing on AWS; without a role of their own they would have their host's rights. */
  private taskRole(): CfnRole {
    return new CfnRole(this, 'Role', {
      permissionsBoundary: this.shared.boundary,
      assumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      },
      tags: [{ key: 'kolate:tenant', value: this.tenantId }],
    });
  }

  /** The secret is the saga's: it was there before the engines, and goes after them. */
  private rotatePasswords(secretId: string, engines: CfnService): void {
    const schedule = new CfnRotationSchedule(this, 'PasswordRotation', {
      secretId,
      rotationLambdaArn: this.shared.rotation,
      rotationRules,
      // They were drawn a minute ago.
      rotateImmediatelyOnUpdate: false,
    });
    // The function is tried out when the schedule is made.
    schedule.addResourceDependency(engines);
  }

  private alarm(id: string, { attrName: serviceName }: CfnService): CfnAlarm {
    return new CfnAlarm(this, id, {
      alarmDescription: 'The engines of a tenant are not running. Runbook: docs/runbooks/tenant-engines-down.md',
      namespace: 'ECS/ContainerInsights',
      metricName: 'RunningTaskCount',
      dimensions: [
        { name: 'ClusterName', value: this.shared.cluster },
        { name: 'ServiceName', value: serviceName },
      ],
      statistic: 'Minimum',
      period: 60,
      evaluationPeriods: 5,
      threshold: 1,
      comparisonOperator: 'LessThanThreshold',
      treatMissingData: 'breaching',
      alarmActions: [this.shared.alarmTopic],
      okActions: [this.shared.alarmTopic],
    });
  }
}

/** As the driver reads them: where each store is, and under which names one comes in. */
function endpointsOf(tenantId: string, count: MemberCount): string {
  const { postgres, mongo, valkey } = enginePorts;
  const database = { database: 'tenant', user: 'app' };
  const host = tenantHost(tenantId);
  return JSON.stringify({
    tls: true,
    ...(count > 1 && { members: tenantMemberHosts(tenantId, count) }),
    postgres: { host, port: postgres, ...database },
    mongo: { host, port: mongo, ...database },
    redis: { host, port: valkey, user: 'app', maintenanceUser: 'maintenance', keyPrefix: `t:${tenantId}:` },
  });
}
