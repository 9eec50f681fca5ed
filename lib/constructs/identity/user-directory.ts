import { RemovalPolicy } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { allScopes, apiAudience, roles, type Scope } from '../../../src/contracts/scopes';
import type { Environment } from '../../config/environment';
import { acknowledge } from '../acknowledge';

export type UserDirectoryProps = { readonly environment: Environment };

/**
 * People who operate the platform or belong to a tenant, as a user pool: invited, never signed up by themselves, with a
 * second factor or a passkey. Their tenant is an attribute that no app client may write, their roles are groups.
 */
export class UserDirectory extends Construct {
  readonly userPool: cognito.UserPool;
  private readonly server: cognito.UserPoolResourceServer;
  private readonly scopes: ReadonlyMap<Scope, cognito.ResourceServerScope>;

  constructor(scope: Construct, id: string, { environment }: UserDirectoryProps) {
    super(scope, id);
    const { mfa } = environment.identity;
    this.userPool = new cognito.UserPool(this, 'Pool', {
      // Below it the trigger cannot speak in access tokens, and there are no passkeys.
      featurePlan: cognito.FeaturePlan.ESSENTIALS,
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      signInCaseSensitive: false,
      autoVerify: { email: true },
      keepOriginal: { email: true },
      customAttributes: { tenant_id: new cognito.StringAttribute({ maxLen: 64, mutable: true }) },
      mfa: mfa === 'required' ? cognito.Mfa.REQUIRED : cognito.Mfa.OPTIONAL,
      mfaSecondFactor: { otp: true, sms: false },
      signInPolicy: { allowedFirstAuthFactors: { password: true, passkey: true } },
      passkeyUserVerification: cognito.PasskeyUserVerification.REQUIRED,
      passwordPolicy: {
        minLength: 14,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
        passwordHistorySize: 12,
      },
      accountRecovery: cognito.AccountRecovery.EMAIL_ONLY,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const pool = this.userPool.node.defaultChild as cognito.CfnUserPool;
    // A passkey that asks for face, finger or PIN is both factors: without this a required MFA would shut passkeys out.
    pool.webAuthnFactorConfiguration = 'MULTI_FACTOR_WITH_USER_VERIFICATION';
    const { userPoolId } = this.userPool;
    for (const role of roles) new cognito.CfnUserPoolGroup(this, `Role-${role}`, { userPoolId, groupName: role });
    this.scopes = new Map(
      allScopes.map((name) => [name, new cognito.ResourceServerScope({ scopeName: name, scopeDescription: name })]),
    );
    this.server = this.userPool.addResourceServer('Api', {
      identifier: apiAudience,
      userPoolResourceServerName: 'Kolate API',
      scopes: [...this.scopes.values()],
    });
    explain(this.userPool, mfa);
  }

  /** For the OAuth settings of an app client. */
  oauthScopes(scopes: readonly Scope[]): cognito.OAuthScope[] {
    return scopes.flatMap((name) => {
      const scope = this.scopes.get(name);
      return scope ? [cognito.OAuthScope.resourceServer(this.server, scope)] : [];
    });
  }
}

function explain(pool: cognito.UserPool, mfa: Environment['identity']['mfa']): void {
  const plus = 'Threat protection comes with the plan Plus, billed by user; MFA, passkeys and invitations are without.';
  acknowledge(pool, 'AwsSolutions-COG8', plus);
  if (mfa === 'optional')
    acknowledge(pool, 'AwsSolutions-COG2', 'Only environments without real data make it optional.');
}
