import { Duration, RemovalPolicy, SecretValue } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { cliFixedRedirect } from '../../../src/contracts/identity-admin';
import { allScopes, operatorScopes } from '../../../src/contracts/scopes';
import type { Environment } from '../../config/environment';
import type { UserDirectory } from './user-directory';

export type AppClientsProps = {
  readonly directory: UserDirectory;
  readonly domain: Environment['domain'];
  readonly key: IKey;
};

/** Who may ask the pool for tokens besides the machine clients of tenants, which come and go with them. */
export class AppClients extends Construct {
  /** OAuth client of the operators' automation: client credentials. */
  readonly operator: cognito.UserPoolClient;
  /** Its id and secret, as JSON: `clientId`, `clientSecret`. */
  readonly operatorSecret: ISecret;
  /** Of `kolate login` and of the console: authorization code with PKCE, no secret. */
  readonly cli: cognito.UserPoolClient;
  readonly console: cognito.UserPoolClient;
  readonly signInUrl: string;

  constructor(scope: Construct, id: string, { directory, domain, key }: AppClientsProps) {
    super(scope, id);
    const { userPool } = directory;
    const signIn = userPool.addDomain('SignIn', {
      // Unique in its region, over all accounts.
      cognitoDomain: { domainPrefix: domain.name.replaceAll('.', '-').slice(0, 63) },
      managedLoginVersion: cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
    });
    this.signInUrl = signIn.baseUrl();
    this.operator = userPool.addClient('Operator', {
      ...common,
      generateSecret: true,
      authFlows: { user: false },
      oAuth: { flows: { clientCredentials: true }, scopes: directory.oauthScopes(operatorScopes) },
    });
    this.operatorSecret = this.keepSecret(this.operator, key);
    const person = (name: string, callback: string) => this.addPublicClient(name, directory, callback);
    this.cli = person('Cli', cliFixedRedirect);
    this.console = person('Console', `https://console.${domain.name}/callback`);
  }

  private addPublicClient(name: string, directory: UserDirectory, callback: string) {
    const { userPool } = directory;
    const client = userPool.addClient(name, {
      ...common,
      generateSecret: false,
      authFlows: { user: true },
      oAuth: {
        flows: { authorizationCodeGrant: true },
        // People may ask for all of them: the trigger takes out what their roles do not allow.
        scopes: [cognito.OAuthScope.OPENID, cognito.OAuthScope.COGNITO_ADMIN, ...directory.oauthScopes(allScopes)],
        callbackUrls: [callback],
      },
      refreshTokenValidity: Duration.hours(12),
      refreshTokenRotationGracePeriod: Duration.seconds(30),
      // Without this list a person could write every attribute of their own, the tenant among them.
      writeAttributes: new cognito.ClientAttributes().withStandardAttributes({ fullname: true, locale: true }),
    });
    // The newer sign-in pages show nothing for a client without a style.
    new cognito.CfnManagedLoginBranding(this, `${name}Style`, {
      userPoolId: userPool.userPoolId,
      clientId: client.userPoolClientId,
      useCognitoProvidedValues: true,
    });
    return client;
  }

  private keepSecret(client: cognito.UserPoolClient, key: IKey): ISecret {
    const { attrClientSecret } = client.node.defaultChild as cognito.CfnUserPoolClient;
    const secret = new Secret(this, 'OperatorSecret', {
      description: 'OAuth client of the operators: clientId and clientSecret',
      encryptionKey: key,
      removalPolicy: RemovalPolicy.RETAIN,
      secretObjectValue: {
        clientId: SecretValue.resourceAttribute(client.userPoolClientId),
        clientSecret: SecretValue.resourceAttribute(attrClientSecret),
      },
    });
    return secret;
  }
}

const common = {
  accessTokenValidity: Duration.minutes(15),
  idTokenValidity: Duration.minutes(15),
  enableTokenRevocation: true,
  preventUserExistenceErrors: true,
};
