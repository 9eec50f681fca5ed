import { Duration } from 'aws-cdk-lib';
import { type IUserPool, LambdaVersion, UserPoolOperation } from 'aws-cdk-lib/aws-cognito';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { AppClients } from '../constructs/identity/app-clients';
import { ClientRegistry } from '../constructs/identity/client-registry';
import { ClientRotation } from '../constructs/identity/client-rotation';
import { UserDirectory } from '../constructs/identity/user-directory';
import { KolateKey } from '../constructs/kolate-key';
import { KolateLambda } from '../constructs/kolate-lambda';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export type IdentityStackProps = KolateStackProps & { readonly alarmTopic: ITopic };

/** Who somebody is and what their tokens say: people, machine clients, and the way from an app client to its tenant. */
export class IdentityStack extends KolateStack {
  readonly userPool: IUserPool;
  /** The `iss` of tokens. */
  readonly issuerUrl: string;
  /** `KOLATE_CLIENT_TABLE` of enterprise-info. */
  readonly clientTable: ITable;
  /** Clients of the command line, of the console and of the operators. */
  readonly apps: AppClients;
  private readonly registry: ClientRegistry;

  constructor(scope: Construct, props: IdentityStackProps) {
    super(scope, 'identity', { ...props, stateful: true });
    const { environment } = props;
    const key = new KolateKey(this, 'Key', 'Clients of tenants and the operators’ secret');
    this.registry = new ClientRegistry(this, 'Clients', { key });
    const directory = new UserDirectory(this, 'Users', { environment });
    const apps = new AppClients(this, 'Apps', { directory, domain: environment.domain, key });
    this.apps = apps;
    new ClientRotation(this, 'OperatorRotation', {
      ...{ key, alarmTopic: props.alarmTopic, logDays: environment.logDays, userPool: directory.userPool },
      tokenUrl: `${apps.signInUrl}/oauth2/token`,
      secret: apps.operatorSecret,
    });
    this.userPool = directory.userPool;
    this.clientTable = this.registry.table;
    this.issuerUrl = `https://cognito-idp.${this.region}.amazonaws.com/${directory.userPool.userPoolId}`;
    const trigger = this.addTrigger(key, props);
    directory.userPool.addTrigger(
      UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG,
      trigger.function,
      // Client credentials know no other.
      LambdaVersion.V3_0,
    );
    this.tell({
      'issuer-url': this.issuerUrl,
      'sign-in-url': apps.signInUrl,
      'operator-client-id': apps.operator.userPoolClientId,
      'operator-secret-arn': apps.operatorSecret.secretArn,
      'cli-client-id': apps.cli.userPoolClientId,
      'console-client-id': apps.console.userPoolClientId,
    });
  }

  /** To make, change and delete the clients of tenants, as the `IdentityDirectory` for Cognito does. */
  grantManageClients(grantee: IGrantable): void {
    this.registry.grantWrite(grantee);
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: [
          ...['Create', 'Update', 'Delete'].map((verb) => `cognito-idp:${verb}UserPoolClient`),
          ...['Add', 'Delete'].map((verb) => `cognito-idp:${verb}UserPoolClientSecret`),
          'cognito-idp:ListUserPoolClientSecrets',
        ],
        resources: [this.userPool.userPoolArn],
      }),
    );
  }

  private addTrigger(key: KolateKey, { environment, alarmTopic }: IdentityStackProps): KolateLambda<'pre-token'> {
    // By name: the app client that it names is made after the pool, which is made after the trigger.
    const parameterName = this.parameterName('operator-client-id');
    const trigger = new KolateLambda(this, 'PreToken', {
      handler: 'pre-token',
      description: 'Says in each token which tenant, tier and roles it is for',
      environment: {
        KOLATE_CLIENT_TABLE: this.registry.table.tableName,
        KOLATE_OPERATOR_CLIENT_PARAMETER: parameterName,
      },
      key,
      logDays: environment.logDays,
      alarmTopic,
      // Cognito waits no longer.
      timeout: Duration.seconds(5),
      concurrency: { unlimitedBecause: 'A limit would turn away logins of all tenants for the requests of one.' },
      errorTerms: ['KLT_', 'Task timed out', 'Runtime.'],
    });
    this.registry.grantRead(trigger);
    const parameter = this.formatArn({
      service: 'ssm',
      resource: 'parameter',
      resourceName: parameterName.slice(1),
    });
    trigger.function.addToRolePolicy(new PolicyStatement({ actions: ['ssm:GetParameter'], resources: [parameter] }));
    return trigger;
  }

  private parameterName(name: string): string {
    return `/kolate/${this.environmentConfig.name}/identity/${name}`;
  }

  private tell(values: Readonly<Record<string, string>>): void {
    for (const [name, stringValue] of Object.entries(values)) {
      new StringParameter(this, `Tell-${name}`, { parameterName: this.parameterName(name), stringValue });
    }
  }
}
