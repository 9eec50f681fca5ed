import { Aws, Stack } from 'aws-cdk-lib';
import { CfnRegistryScanningConfiguration, CfnSigningConfiguration } from 'aws-cdk-lib/aws-ecr';
import { Effect, ManagedPolicy, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { Platform, SigningProfile } from 'aws-cdk-lib/aws-signer';
import { Construct } from 'constructs';

/** The repositories that `cdk bootstrap` makes, where the images of our assets go. */
const repositories = { filterType: 'WILDCARD', filter: 'cdk-*-container-assets-*' };

/**
 * Every image that is pushed gets scanned and signed by the registry itself, whoever pushes it from wherever: no signing
 * tool, no key and no certificate in a pipeline. The pipeline looks at both before it deploys (scripts/delivery/check-images.ts).
 * A region of an account has one such configuration.
 */
export class ImageRegistry extends Construct {
  readonly signingProfile: SigningProfile;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    new CfnRegistryScanningConfiguration(this, 'Scanning', {
      // Basic scanning looks for the packages of a distribution, which our images do not have.
      scanType: 'ENHANCED',
      rules: [{ scanFrequency: 'CONTINUOUS_SCAN', repositoryFilters: [repositories] }],
    });
    this.signingProfile = new SigningProfile(this, 'Profile', { platform: Platform.NOTATION_OCI_SHA384_ECDSA });
    // Signed in the name of whoever pushes, which is the role of the bootstrap stack.
    const { bootstrapQualifier } = Stack.of(this).synthesizer;
    const publisher = Role.fromRoleName(
      this,
      'Publisher',
      `cdk-${bootstrapQualifier}-image-publishing-role-${Aws.ACCOUNT_ID}-${Aws.REGION}`,
    );
    const mayBeSigned = new ManagedPolicy(this, 'MaySign', {
      description: 'Images that this role pushes are signed',
      roles: [publisher],
      statements: [
        new PolicyStatement({
          effect: Effect.ALLOW,
          actions: ['signer:SignPayload'],
          resources: [this.signingProfile.signingProfileArn],
        }),
      ],
    });
    new CfnSigningConfiguration(this, 'Signing', {
      rules: [
        {
          signingProfileArn: this.signingProfile.signingProfileArn,
          repositoryFilters: [{ ...repositories, filterType: 'WILDCARD_MATCH' }],
        },
      ],
    }).node.addDependency(mayBeSigned);
  }
}
